package io.ablate.ort;

/** The operators that {@link MaskFusion} puts in and {@link MaskedOperators} computes. */
enum MaskedOperator {
  MASKED("Masked", false, false),
  MASKED_RELU("MaskedRelu", false, true),
  MASKED_SUM("MaskedSum", true, false),
  MASKED_SUM_RELU("MaskedSumRelu", true, true);

  /** Of all of them. */
  static final String DOMAIN = "io.ablate";

  private final String label;
  private final boolean residual;
  private final boolean relu;

  MaskedOperator(String label, boolean residual, boolean relu) {
    this.label = label;
    this.residual = residual;
    this.relu = relu;
  }

  static MaskedOperator of(boolean residual, boolean relu) {
    return values()[(residual ? 2 : 0) + (relu ? 1 : 0)];
  }

  /** The node's type. */
  String label() {
    return label;
  }

  /** Whether it adds a tensor of the output's shape. */
  boolean residual() {
    return residual;
  }

  boolean relu() {
    return relu;
  }

  /** Output of a convolution, mask, bias and the residual. */
  int inputs() {
    return residual ? 4 : 3;
  }
}
