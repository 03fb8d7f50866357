package io.ablate.estimate;

import io.ablate.mask.MaskMatrix;
import java.util.Arrays;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Component models, one per example: g(x) = intercept + Σ attribution_i · x_i, and what a method
 * predicts beyond that.
 *
 * @param method the estimator's name
 * @param attributions examples × n, in units of the output per component kept
 * @param intercepts one per example
 * @param standardErrors examples × n: the posterior standard deviation of every attribution, or
 *     null where the method gives none
 * @param nonlinear what is added to the linear prediction; null for linear models
 * @param diagnostics what the estimator chose and measured, for manifests: values that JSON can
 *     hold
 */
public record ComponentModels(
    String method,
    double[][] attributions,
    double[] intercepts,
    double @Nullable [][] standardErrors,
    @Nullable NonlinearPart nonlinear,
    Map<String, Object> diagnostics) {
  /** What is put behind a method's name for its linear part alone. */
  public static final String LINEAR_SUFFIX = "-linear";

  public ComponentModels {
    if (attributions.length != intercepts.length) {
      throw new IllegalArgumentException(
          attributions.length + " attributions for " + intercepts.length + " intercepts");
    }
  }

  /** Linear models. */
  public ComponentModels(
      String method,
      double[][] attributions,
      double[] intercepts,
      double @Nullable [][] standardErrors,
      Map<String, Object> diagnostics) {
    this(method, attributions, intercepts, standardErrors, null, diagnostics);
  }

  /** Linear models without standard errors. */
  @SuppressWarnings("NullAway") // does not see the annotation on the outer array
  public ComponentModels(
      String method,
      double[][] attributions,
      double[] intercepts,
      Map<String, Object> diagnostics) {
    this(method, attributions, intercepts, null, diagnostics);
  }

  /** Models with a part beyond the linear one, without standard errors. */
  @SuppressWarnings("NullAway") // as above
  static ComponentModels nonlinear(
      String method,
      double[][] attributions,
      double[] intercepts,
      NonlinearPart part,
      Map<String, Object> diagnostics) {
    return new ComponentModels(method, attributions, intercepts, null, part, diagnostics);
  }

  /** The linear part alone, under the method's name with {@link #LINEAR_SUFFIX}. */
  public ComponentModels linear() {
    return new ComponentModels(
        method + LINEAR_SUFFIX, attributions, intercepts, standardErrors, diagnostics);
  }

  /**
   * The predicted effect of ablating a set of components together: f(all kept) − f(all kept but
   * these), one per example.
   *
   * @throws IllegalArgumentException if a column is out of range or named twice
   */
  public double[] effectOfAblating(int... columns) {
    double[] kept = predictAblated();
    double[] ablated = predictAblated(columns);
    Arrays.setAll(kept, e -> kept[e] - ablated[e]);
    return kept;
  }

  /**
   * The predicted output when exactly the given columns are ablated, one per example.
   *
   * @throws IllegalArgumentException if a column is out of range or named twice
   */
  public double[] predictAblated(int... columns) {
    int n = attributions.length == 0 ? 0 : attributions[0].length;
    MaskMatrix mask = new MaskMatrix(1, n);
    for (int i = 0; i < n; i++) {
      mask.set(0, i, true);
    }
    for (int column : columns) {
      if (column < 0 || column >= n || !mask.get(0, column)) {
        throw new IllegalArgumentException(
            "column " + column + " is named twice or outside 0.." + (n - 1));
      }
      mask.set(0, column, false);
    }
    return Arrays.stream(predict(mask)).mapToDouble(row -> row[0]).toArray();
  }

  /** Predicted outputs, examples × rows. */
  public double[][] predict(MaskMatrix masks) {
    double[][] predicted = LinearPredictions.of(masks, attributions, intercepts);
    if (nonlinear != null) {
      double[][] correction = nonlinear.correction(masks);
      for (int e = 0; e < predicted.length; e++) {
        for (int row = 0; row < predicted[e].length; row++) {
          predicted[e][row] += correction[e][row];
        }
      }
    }
    return predicted;
  }
}
