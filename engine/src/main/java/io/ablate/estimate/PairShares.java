package io.ablate.estimate;

import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/**
 * How much of what a hierarchical ridge leaves as noise are pairs of components: y ~ N(0, K +
 * t·σ²·P + (1 − t)·σ²), where K is the ridge's kernel, σ² its noise and P the kernel of all
 * products of two different components ({@link PairKernel}). The share t, common to all examples,
 * has the least squared error of leave-one-out predictions. It is not the likeliest: rows differ in
 * variance with the weight of what they ablate, and the likelihood takes pairs for a model of that.
 *
 * @param share t; 0 where pairs do not pay
 * @param pairs t·σ²
 * @param noise (1 − t)·σ²
 * @param linearR2 1 − leave-one-out squared error over variance without pairs; NaN where unknown
 * @param r2 the same with pairs
 */
record PairShares(double share, double pairs, double noise, double linearR2, double r2) {
  private static final double[] SHARES = {0, .05, .1, .2, .3, .4, .5, .6, .7, .8, .9};

  /**
   * Pairs must gain more than the standard error of the gain, taken over rows: a share chosen from
   * chance would cost more than one missed.
   */
  static PairShares of(HierarchicalFit fit, FitContext context) {
    double sigma = fit.prior.noise();
    PooledOutputs pooled = fit.pooled(context);
    int rows = pooled.design.rows();
    PairShares none = new PairShares(0, 0, sigma, Double.NaN, Double.NaN);
    if (pooled.kernels.isEmpty() || rows < 4) {
      return none;
    }
    List<double[][]> examples =
        Parallel.map(
            "pairs",
            pooled.kernels.size(),
            context,
            p -> {
              double[] d = fit.variances(fit.prior, pooled.examples[p]);
              double[] kernel = pooled.kernels.get(p).sum(fit.prior.layerVariance());
              double[] pairs = PairKernel.of(pooled.design, kernel, d).values();
              return errors(kernel, pairs, pooled.outputs[p], sigma);
            });
    double[][] errors = new double[SHARES.length][rows];
    for (double[][] one : examples) {
      for (int s = 0; s < SHARES.length; s++) {
        for (int row = 0; row < rows; row++) {
          errors[s][row] += one[s][row];
        }
      }
    }
    double[] totals = Arrays.stream(errors).mapToDouble(PairShares::total).toArray();
    int best = 0;
    for (int s = 1; s < SHARES.length; s++) {
      if (totals[s] < totals[best]) {
        best = s;
      }
    }
    if (Double.isInfinite(totals[0])) {
      return none; // so little noise that nothing is left for pairs to explain
    }
    double variance = 0; // of the outputs themselves, of which the prior means explain a part
    for (int example : pooled.examples) {
      double[] y = Arrays.copyOf(fit.standardised[example], rows);
      PooledOutputs.centre(y, 0, rows);
      variance += squares(y);
    }
    double linear = 1 - totals[0] / variance;
    if (!gains(errors[0], errors[best])) {
      return new PairShares(0, 0, sigma, linear, linear);
    }
    double share = SHARES[best];
    return new PairShares(
        share, share * sigma, (1 - share) * sigma, linear, 1 - totals[best] / variance);
  }

  /** Squared errors of leave-one-out predictions, shares × rows; infinite where there are none. */
  private static double[][] errors(double[] kernel, double[] pairs, double[] y, double sigma) {
    int m = y.length;
    double[][] errors = new double[SHARES.length][m];
    for (int s = 0; s < SHARES.length; s++) {
      double noise = (1 - SHARES[s]) * sigma;
      double[] covariance = new double[m * m];
      for (int i = 0; i < covariance.length; i++) {
        covariance[i] = kernel[i] + SHARES[s] * sigma * pairs[i];
      }
      for (int a = 0; a < m; a++) {
        covariance[a * m + a] += noise;
      }
      double[] inverse;
      try {
        inverse = SmallCholesky.of(covariance, m).inverse();
      } catch (ArithmeticException e) {
        Arrays.fill(errors[s], Double.POSITIVE_INFINITY);
        continue;
      }
      double[] weights = LayerKernels.timesSymmetric(inverse, y);
      for (int a = 0; a < m; a++) {
        // The second term is the share of the intercept, which has no prior.
        double residual = weights[a] / (inverse[a * m + a] - 1 / (m * noise));
        errors[s][a] = residual * residual;
      }
    }
    return errors;
  }

  private static boolean gains(double[] without, double[] with) {
    double m = without.length;
    double[] gain = new double[without.length];
    Arrays.setAll(gain, row -> without[row] - with[row]);
    double mean = total(gain) / m;
    double spread = Arrays.stream(gain).map(g -> (g - mean) * (g - mean)).sum();
    return mean > 0 && mean > Math.sqrt(spread / (m - 1) / m);
  }

  private static double total(double[] values) {
    return Arrays.stream(values).sum();
  }

  private static double squares(double[] values) {
    return Arrays.stream(values).map(v -> v * v).sum();
  }

  /**
   * The kernel Σ_{i≠j} d_i d_j x̃_i x̃_j x̃'_i x̃'_j, centred, of mean diagonal 1: the square of
   * the ridge's kernel, entry by entry, less the products of components with themselves, which are
   * linear.
   *
   * @param values rows × rows
   * @param unit by which it was divided
   */
  record PairKernel(double[] values, double unit) {
    /**
     * @param kernel Σ_i d_i x̃_i x̃'_i on the design's rows, all of 0 and 1
     * @param d one per column
     */
    static PairKernel of(Design design, double[] kernel, double[] d) {
      int rows = design.rows();
      double[] values = Arrays.stream(kernel).map(value -> value * value).toArray();
      double[] means = new double[rows];
      double mean = 0;
      for (int a = 0; a < rows; a++) {
        for (int b = 0; b < rows; b++) {
          means[a] += values[a * rows + b] / rows;
        }
        mean += means[a] / rows;
      }
      // x̃² = (1 − 2c) x̃ + c (1 − c) for x of 0 or 1, and centring takes the constants away.
      double[] factor = design.hardMeans();
      Arrays.setAll(factor, i -> d[i] * (1 - 2 * factor[i]));
      double[] own = design.kernel(IntStream.range(0, d.length).toArray(), factor);
      double trace = 0;
      for (int a = 0; a < rows; a++) {
        for (int b = 0; b < rows; b++) {
          values[a * rows + b] += mean - means[a] - means[b] - own[a * rows + b];
        }
        trace += values[a * rows + a];
      }
      double unit = trace > 0 ? trace / rows : 1;
      Arrays.setAll(values, i -> values[i] / unit);
      return new PairKernel(values, unit);
    }
  }
}
