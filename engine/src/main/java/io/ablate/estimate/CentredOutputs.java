package io.ablate.estimate;

import io.ablate.base.BadInputException;
import io.ablate.base.Problem;
import java.util.Arrays;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * Outputs less their mean, m × examples, row-major.
 *
 * @param values the centred outputs
 * @param means one per example
 */
record CentredOutputs(double[] values, double[] means) {
  /** That are written together. */
  private static final int ROWS = 64;

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
    IntStream.range(0, Math.ceilDiv(m, ROWS))
        .parallel()
        .forEach(block -> centre(data.outputs(), means, block * ROWS, values));
    return new CentredOutputs(values, means);
  }

  /** Writes some rows; few enough that their lines of memory stay in the cache. */
  private static void centre(double[][] outputs, double[] means, int first, double[] values) {
    int examples = means.length;
    for (int e = 0; e < examples; e++) {
      double[] y = outputs[e];
      int end = Math.min(y.length, first + ROWS);
      for (int row = first; row < end; row++) {
        values[row * examples + e] = y[row] - means[e];
      }
    }
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
    Arrays.parallelSetAll(means, e -> mean(data.outputs()[e]));
    for (int e = 0; e < means.length; e++) {
      if (!Double.isFinite(means[e])) {
        requireFinite(e, data.outputs()[e]);
      }
    }
    return means;
  }

  /** Not finite if an output is not. */
  private static double mean(double[] y) {
    double sum = 0;
    boolean constant = true;
    for (double value : y) {
      sum += value;
      constant &= value == y[0];
    }
    // An exact mean makes the centred values of constant outputs exactly 0.
    return constant ? y[0] : sum / y.length;
  }

  private static void requireFinite(int example, double[] y) {
    for (int row = 0; row < y.length; row++) {
      if (!Double.isFinite(y[row])) {
        throw new BadInputException(
            Problem.of("an output is not a finite number")
                .at("example " + example + ", row " + row)
                .found(y[row])
                .remedy("collect that row again, or leave the example out"));
      }
    }
  }

  /** A copy of one example's centred outputs. */
  double[] example(int e) {
    double[] example = new double[means.length == 0 ? 0 : values.length / means.length];
    Arrays.setAll(example, row -> values[row * means.length + e]);
    return example;
  }

  /** Models whose attributions are the columns of {@code theta}, n × examples. */
  ComponentModels models(
      String method, CentredMasks x, double[] theta, Map<String, Object> diagnostics) {
    int examples = means.length;
    double[][] attributions = new double[examples][x.columns()];
    for (int j = 0; j < x.columns(); j++) {
      for (int e = 0; e < examples; e++) {
        attributions[e][j] = theta[j * examples + e];
      }
    }
    double[] shift = x.meanTimes(theta, examples);
    double[] intercepts = new double[examples];
    for (int e = 0; e < examples; e++) {
      intercepts[e] = means[e] - shift[e];
    }
    return new ComponentModels(method, attributions, intercepts, diagnostics);
  }
}
