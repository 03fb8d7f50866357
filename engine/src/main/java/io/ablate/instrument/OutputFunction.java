package io.ablate.instrument;

/** The scalar f of one row, from logits and the label y; names as on the command line. */
public enum OutputFunction {
  /** logit[y] − max of the others (COAR). */
  MARGIN("margin"),
  /** logit[y] − logsumexp of the others (datamodels). */
  MARGIN_LOGSUMEXP("margin-logsumexp"),
  /** logit[y]. */
  LOGIT("logit"),
  /** log softmax(logits)[y]. */
  LOG_PROB("log-prob"),
  /** Cross-entropy, −log softmax(logits)[y]. */
  LOSS("loss");

  private final String label;

  OutputFunction(String label) {
    this.label = label;
  }

  public String label() {
    return label;
  }
}
