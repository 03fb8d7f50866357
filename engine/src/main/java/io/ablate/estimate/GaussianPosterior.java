package io.ablate.estimate;

import java.util.Arrays;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Coefficients given outputs: r = X̃w + ε, w ~ N(0, diag(v)), ε of 0/1 and of soft rows with a
 * variance each. Solved over the rows or over the components, whichever are fewer. Thread-safe.
 */
final class GaussianPosterior {
  private final Design design;
  private final boolean byRows;
  private final double[] hardGram;
  private final double[] softGram;
  private final int[] columns;

  GaussianPosterior(Design design) {
    this.design = design;
    this.byRows = design.rows() <= design.columns();
    this.hardGram = byRows ? new double[0] : design.hardGram();
    this.softGram = byRows || design.softRows() == 0 ? new double[0] : design.softGram();
    this.columns = IntStream.range(0, design.columns()).toArray();
  }

  /** Whether the equations are solved over the rows. */
  boolean byRows() {
    return byRows;
  }

  /** Floating-point operations of one solution with variances. */
  double work() {
    double small = Math.min(design.rows(), design.columns());
    double wide = design.columns();
    return 2 * small * small * wide * (byRows ? 2 : 1);
  }

  /**
   * Means and variances of the coefficients.
   *
   * @param variance n, or null where not asked for
   */
  record Coefficients(double[] mean, double @Nullable [] variance) {}

  /**
   * @param prior n: v
   * @param residual one entry per row, centred within its group
   * @param hardNoise variance of the noise of 0/1 rows, positive
   * @param softNoise of soft rows, positive
   */
  Coefficients solve(
      double[] prior, double[] residual, double hardNoise, double softNoise, boolean withVariance) {
    if (design.rows() == 0) {
      return new Coefficients(new double[prior.length], withVariance ? prior.clone() : null);
    }
    Solution found = solve(prior, new double[][] {residual}, hardNoise, softNoise, withVariance);
    return new Coefficients(found.means[0], found.variance);
  }

  /**
   * The means for several outputs on 0/1 rows; the covariance, which they share, is factored once.
   *
   * @param residuals outputs × rows, centred
   */
  double[][] means(double[] prior, double[][] residuals, double noise) {
    return solve(prior, residuals, noise, noise, false).means;
  }

  private record Solution(double[][] means, double @Nullable [] variance) {}

  private Solution solve(
      double[] prior,
      double[][] residuals,
      double hardNoise,
      double softNoise,
      boolean withVariance) {
    double[] root = Arrays.stream(prior).map(Math::sqrt).toArray();
    // Rounding can cost definiteness only where the noise is 1e-15 of the signal; more is no loss.
    for (double more = 1; more < 1e12; more *= 100) {
      Solution found =
          byRows
              ? overRows(root, residuals, hardNoise * more, softNoise * more, withVariance)
              : overColumns(root, residuals, hardNoise * more, softNoise * more, withVariance);
      if (found != null) {
        return found;
      }
    }
    throw new IllegalStateException("covariance of the outputs is not positive definite");
  }

  private @Nullable Solution overRows(
      double[] root,
      double[][] residuals,
      double hardNoise,
      double softNoise,
      boolean withVariance) {
    int m = design.rows();
    int n = root.length;
    double[] covariance = design.kernel(columns, root);
    for (int row = 0; row < m; row++) {
      covariance[row * m + row] += row < design.hardRows() ? hardNoise : softNoise;
    }
    double[] scaled = withVariance ? design.scaledColumns(columns, root) : new double[0];
    int wide = withVariance ? n : 0;
    int k = wide + residuals.length;
    double[] right = new double[m * k];
    for (int row = 0; row < m; row++) {
      System.arraycopy(scaled, row * wide, right, row * k, wide);
      for (int r = 0; r < residuals.length; r++) {
        right[row * k + wide + r] = residuals[r][row];
      }
    }
    if (!design.algebra().solvePositiveDefinite(covariance, m, right, k)) {
      return null;
    }
    double[][] means = new double[residuals.length][];
    double[] weights = new double[m];
    for (int r = 0; r < means.length; r++) {
      for (int row = 0; row < m; row++) {
        weights[row] = right[row * k + wide + r];
      }
      means[r] = design.transposeTimes(weights);
      for (int i = 0; i < n; i++) {
        means[r][i] *= root[i] * root[i];
      }
    }
    if (!withVariance) {
      return new Solution(means, null);
    }
    double[] explained = new double[n];
    for (int row = 0; row < m; row++) {
      for (int i = 0; i < n; i++) {
        explained[i] += scaled[row * n + i] * right[row * k + i];
      }
    }
    double[] variance = new double[n];
    Arrays.setAll(variance, i -> root[i] * root[i] * Math.max(0, 1 - explained[i]));
    return new Solution(means, variance);
  }

  private @Nullable Solution overColumns(
      double[] root,
      double[][] residuals,
      double hardNoise,
      double softNoise,
      boolean withVariance) {
    int n = root.length;
    double[] precision = new double[n * n];
    for (int i = 0; i < n; i++) {
      for (int j = 0; j < n; j++) {
        int at = i * n + j;
        double sum = hardGram[at] / hardNoise;
        if (softGram.length > 0) {
          sum += softGram[at] / softNoise;
        }
        precision[at] = root[i] * root[j] * sum + (i == j ? 1 : 0);
      }
    }
    int wide = withVariance ? n : 0;
    int k = wide + residuals.length;
    double[] right = new double[n * k];
    for (int i = 0; i < wide; i++) {
      right[i * k + i] = 1;
    }
    for (int r = 0; r < residuals.length; r++) {
      double[] weighted = residuals[r].clone();
      for (int row = 0; row < weighted.length; row++) {
        weighted[row] /= row < design.hardRows() ? hardNoise : softNoise;
      }
      double[] projected = design.transposeTimes(weighted);
      for (int i = 0; i < n; i++) {
        right[i * k + wide + r] = root[i] * projected[i];
      }
    }
    if (!design.algebra().solvePositiveDefinite(precision, n, right, k)) {
      return null;
    }
    double[][] means = new double[residuals.length][n];
    for (int r = 0; r < means.length; r++) {
      for (int i = 0; i < n; i++) {
        means[r][i] = root[i] * right[i * k + wide + r];
      }
    }
    if (!withVariance) {
      return new Solution(means, null);
    }
    double[] variance = new double[n];
    Arrays.setAll(variance, i -> root[i] * root[i] * Math.max(0, right[i * k + i]));
    return new Solution(means, variance);
  }
}
