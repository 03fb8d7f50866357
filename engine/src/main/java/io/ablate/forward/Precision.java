package io.ablate.forward;

import java.util.Arrays;
import java.util.Optional;

/** What numbers the passes compute with. Masks, logits and outputs are float32 always. */
public enum Precision {
  /** float32 throughout. */
  FP32("fp32"),

  /** Weights and activations in bfloat16, sums in float32. */
  BF16("bf16");

  private final String label;

  Precision(String label) {
    this.label = label;
  }

  /** The name in options and manifests. */
  public String label() {
    return label;
  }

  /** The precision of a name; empty if there is none. */
  public static Optional<Precision> named(String name) {
    return Arrays.stream(values()).filter(one -> one.label.equals(name)).findFirst();
  }
}
