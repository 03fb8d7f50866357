package io.ablate.estimate;

import io.ablate.base.BadInputException;
import io.ablate.base.Problem;
import java.util.Map;

/**
 * Outputs less their mean, m × examples, row-major.
 *
 * @param values the centred outputs
 * @param means one per example
 */
record CentredOutputs(double[] values, double[] means) {

  /**
   * Checks and centres.
   *
   * @throws BadInputException if there are fewer than two rows, or an output is no number
   */
  static CentredOutputs of(TrainingData data) {
    int m = data.rows();
    int examples = data.examples();
    double[] means = means(data);
    double[] values = new double[Math.multiplyExact(m, examples)];
    for (int e = 0; e < examples; e++) {
      double[] y = data.outputs()[e];
      for (int row = 0; row < m; row++) {
        values[row * examples + e] = y[row] - means[e];
      }
    }
    return new CentredOutputs(values, means);
  }

  /**
   * Checks, and finds the mean of every example.
   *
   * @throws BadInputException if there are fewer than two rows, or an output is no number
   */
  static double[] means(TrainingData data) {
    int m = data.rows();
    if (m < 2) {
      throw new BadInputException(
          Problem.of("too few samples to fit").expected("at least 2").found(m));
    }
    double[] means = new double[data.examples()];
    for (int e = 0; e < means.length; e++) {
      double[] y = data.outputs()[e];
      double sum = 0;
      boolean constant = true;
      for (int row = 0; row < m; row++) {
        if (!Double.isFinite(y[row])) {
          throw new BadInputException(
              Problem.of("an output is not a finite number")
                  .at("example " + e + ", row " + row)
                  .found(y[row])
                  .remedy("collect that row again, or leave the example out"));
        }
        sum += y[row];
        constant &= y[row] == y[0];
      }
      // An exact mean makes the centred values of constant outputs exactly 0.
      means[e] = constant ? y[0] : sum / m;
    }
    return means;
  }

  /** A copy of one example's centred outputs. */
  double[] example(int e) {
    double[] example = new double[means.length == 0 ? 0 : values.length / means.length];
    java.util.Arrays.setAll(example, row -> values[row * means.length + e]);
    return example;
  }

  /** Models whose attributions are the columns of {@code theta}, n × examples. */
  ComponentModels models(
      String method, CentredMasks x, double[] theta, Map<String, Object> diagnostics) {
    int examples = means.length;
    double[][] attributions = new double[examples][x.columns()];
    for (int i = 0; i < theta.length; i++) {
      attributions[i % examples][i / examples] = theta[i];
    }
    double[] shift = x.meanTimes(theta, examples);
    double[] intercepts = new double[examples];
    for (int e = 0; e < examples; e++) {
      intercepts[e] = means[e] - shift[e];
    }
    return new ComponentModels(method, attributions, intercepts, diagnostics);
  }
}
