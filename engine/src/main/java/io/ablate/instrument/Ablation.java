package io.ablate.instrument;

/** What becomes of an ablated component's output y = W∗x + b; names as on the command line. */
public enum Ablation {
  /** COAR: m ⊙ (W∗x) + b; a following BatchNorm sees the bias alone. */
  ZERO_WEIGHTS("zero-weights"),
  /** m ⊙ (W∗x + b), before a following BatchNorm is applied: the layer's own output becomes 0. */
  ZERO_OUTPUT("zero-output"),
  /** m ⊙ y + (1 − m) ⊙ r with r the component's mean output over a reference set. */
  MEAN("mean"),
  /** m ⊙ y + (1 − m) ⊙ r with r given by the user. */
  CONSTANT("constant");

  private final String label;

  Ablation(String label) {
    this.label = label;
  }

  public String label() {
    return label;
  }
}
