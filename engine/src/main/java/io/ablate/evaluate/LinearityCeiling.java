package io.ablate.evaluate;

import com.fasterxml.jackson.databind.PropertyNamingStrategies.SnakeCaseStrategy;
import com.fasterxml.jackson.databind.annotation.JsonNaming;
import io.ablate.base.RandomStreams;
import io.ablate.estimate.TrainingData;
import io.ablate.linalg.LinearAlgebra;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/**
 * The correlation that the best linear model of infinitely many masks would reach, estimated
 * without fitting one. With φ = (x − p)/√(p(1 − p)) and standardised outputs y, the best R² is
 * estimated without bias by Σ_{a≠b} y_a y_b ⟨φ_a, φ_b⟩ / (m(m − 1)). Holds for independent
 * Bernoulli masks of one keep probability p, which is taken as the share of ones.
 *
 * <p>The interval resamples examples and rows; for rows the statistic is linearised (its Hájek
 * projection), since resampling pairs would count a row against its own copies.
 *
 * @param mean mean over examples of √R²; a negative R² counts as 0
 * @param ci 95 % bootstrap interval, [low, high]
 * @param perExample √R² of every example
 */
@JsonNaming(SnakeCaseStrategy.class)
public record LinearityCeiling(double mean, double[] ci, double[] perExample) {

  /** The estimate, or null where masks do not vary, outputs are constant or rows are too few. */
  static @Nullable LinearityCeiling of(
      TrainingData data, Bootstrap bootstrap, long seed, LinearAlgebra algebra) {
    int m = data.rows();
    int examples = data.examples();
    long kept = 0;
    for (int row = 0; row < m; row++) {
      kept += data.masks().kept(row);
    }
    double p = (double) kept / ((double) m * data.columns());
    if (m < 3 || examples == 0 || !(p > 0 && p < 1)) {
      return null;
    }
    double[] y = standardised(data);
    if (y.length == 0) {
      return null;
    }
    double[][] contributions = contributions(data, y, p, algebra);
    double[] squared = new double[examples];
    double[] perExample = new double[examples];
    for (int e = 0; e < examples; e++) {
      squared[e] = Arrays.stream(contributions[e]).sum() / m;
      perExample[e] = Math.sqrt(Math.max(0, squared[e]));
    }
    double[] draws = new double[bootstrap.draws()];
    for (int draw = 0; draw < draws.length; draw++) {
      int[] exampleCounts = bootstrap.exampleCounts(draw);
      SplittableRandom random = RandomStreams.stream(~seed, draw);
      int[] rows = random.ints(m, 0, m).toArray();
      for (int e = 0; e < examples; e++) {
        if (exampleCounts[e] > 0) {
          double resampled = 0;
          for (int row : rows) {
            resampled += contributions[e][row];
          }
          double r2 = squared[e] + 2 * (resampled / m - squared[e]);
          draws[draw] += exampleCounts[e] * Math.sqrt(Math.max(0, r2)) / examples;
        }
      }
    }
    double mean = Arrays.stream(perExample).sum() / examples;
    return new LinearityCeiling(mean, Bootstrap.interval(draws), perExample);
  }

  /**
   * h_a = y_a Σ_{b≠a} y_b ⟨φ_a, φ_b⟩ / (m − 1), examples × m: their mean estimates R². With S = Σ_b
   * y_b x_b, Σ_b y_b ⟨φ_a, φ_b⟩ is (⟨x_a, S⟩ − p ΣS) / (p(1 − p)), since y sums to 0.
   */
  private static double[][] contributions(
      TrainingData data, double[] y, double p, LinearAlgebra algebra) {
    int m = data.rows();
    int n = data.columns();
    int examples = data.examples();
    double[] sums = algebra.transposeTimes(data.masks(), y, examples);
    double[] products = algebra.times(data.masks(), sums, examples);
    double[] totals = new double[examples];
    for (int i = 0; i < sums.length; i++) {
      totals[i % examples] += sums[i];
    }
    double[][] h = new double[examples][m];
    for (int row = 0; row < m; row++) {
      int kept = data.masks().kept(row);
      double square = kept * (1 - p) * (1 - p) + (n - kept) * p * p;
      for (int e = 0; e < examples; e++) {
        double value = y[row * examples + e];
        double all = products[row * examples + e] - p * totals[e];
        h[e][row] = value * (all - value * square) / (p * (1 - p) * (m - 1));
      }
    }
    return h;
  }

  /** m × examples with mean 0 and variance 1; empty if an example's outputs are constant. */
  private static double[] standardised(TrainingData data) {
    int m = data.rows();
    int examples = data.examples();
    double[] y = new double[m * examples];
    for (int e = 0; e < examples; e++) {
      double[] values = data.outputs()[e];
      double mean = Arrays.stream(values).sum() / m;
      double variance = Arrays.stream(values).map(v -> (v - mean) * (v - mean)).sum() / (m - 1);
      if (Lds.isConstant(values) || !(variance > 0)) {
        return new double[0];
      }
      for (int row = 0; row < m; row++) {
        y[row * examples + e] = (values[row] - mean) / Math.sqrt(variance);
      }
    }
    return y;
  }
}
