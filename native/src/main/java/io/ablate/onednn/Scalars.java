package io.ablate.onednn;

import io.ablate.instrument.OutputFunction;

/** The scalar of a row, from logits in float32. */
final class Scalars {
  private Scalars() {}

  /** Its value; NaN where a logit is not finite. */
  static double of(OutputFunction function, float[] logits, int label) {
    double[] values = new double[logits.length];
    for (int c = 0; c < values.length; c++) {
      if (!Float.isFinite(logits[c])) {
        return Double.NaN;
      }
      values[c] = logits[c];
    }
    return function.of(values, label);
  }

  /** Its derivative by the logits. */
  static double[] gradient(OutputFunction function, float[] logits, int label) {
    double[] values = new double[logits.length];
    for (int c = 0; c < values.length; c++) {
      values[c] = logits[c];
    }
    return function.gradient(values, label);
  }
}
