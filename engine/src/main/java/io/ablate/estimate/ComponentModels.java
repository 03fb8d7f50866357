package io.ablate.estimate;

import io.ablate.mask.MaskMatrix;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Linear component models, one per example: g(x) = intercept + Σ attribution_i · x_i.
 *
 * @param method the estimator's name
 * @param attributions examples × n, in units of the output per component kept
 * @param intercepts one per example
 * @param standardErrors examples × n: the posterior standard deviation of every attribution, or
 *     null where the method gives none
 * @param diagnostics what the estimator chose and measured, for manifests: values that JSON can
 *     hold
 */
public record ComponentModels(
    String method,
    double[][] attributions,
    double[] intercepts,
    double @Nullable [][] standardErrors,
    Map<String, Object> diagnostics) {
  public ComponentModels {
    if (attributions.length != intercepts.length) {
      throw new IllegalArgumentException(
          attributions.length + " attributions for " + intercepts.length + " intercepts");
    }
  }

  /** Models without standard errors. */
  @SuppressWarnings("NullAway") // does not see the annotation on the outer array
  public ComponentModels(
      String method,
      double[][] attributions,
      double[] intercepts,
      Map<String, Object> diagnostics) {
    this(method, attributions, intercepts, null, diagnostics);
  }

  /** Predicted outputs, examples × rows. */
  public double[][] predict(MaskMatrix masks) {
    double[][] predicted = new double[attributions.length][masks.rows()];
    long[] words = masks.words();
    for (int e = 0; e < attributions.length; e++) {
      double[] theta = attributions[e];
      for (int row = 0; row < masks.rows(); row++) {
        double sum = intercepts[e];
        int start = row * masks.wordsPerRow();
        for (int w = 0; w < masks.wordsPerRow(); w++) {
          for (long bits = words[start + w]; bits != 0; bits &= bits - 1) {
            sum += theta[(w << 6) + Long.numberOfTrailingZeros(bits)];
          }
        }
        predicted[e][row] = sum;
      }
    }
    return predicted;
  }
}
