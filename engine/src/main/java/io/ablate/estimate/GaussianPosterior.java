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
    double[] root = Arrays.stream(prior).map(Math::sqrt).toArray();
    // Rounding can cost definiteness only where the noise is 1e-15 of the signal; more is no loss.
    for (double more = 1; more < 1e12; more *= 100) {
      Coefficients found =
          byRows
              ? overRows(root, residual, hardNoise * more, softNoise * more, withVariance)
              : overColumns(root, residual, hardNoise * more, softNoise * more, withVariance);
      if (found != null) {
        return found;
      }
    }
    throw new IllegalStateException("covariance of the outputs is not positive definite");
  }

  private @Nullable Coefficients overRows(
      double[] root, double[] residual, double hardNoise, double softNoise, boolean withVariance) {
    int m = design.rows();
    int n = root.length;
    double[] covariance = design.kernel(columns, root);
    for (int row = 0; row < m; row++) {
      covariance[row * m + row] += row < design.hardRows() ? hardNoise : softNoise;
    }
    double[] scaled = withVariance ? design.scaledColumns(columns, root) : new double[0];
    int k = withVariance ? n + 1 : 1;
    double[] right = new double[m * k];
    for (int row = 0; row < m; row++) {
      System.arraycopy(scaled, row * (k - 1), right, row * k, k - 1);
      right[row * k + k - 1] = residual[row];
    }
    if (!design.algebra().solvePositiveDefinite(covariance, m, right, k)) {
      return null;
    }
    double[] weights = new double[m];
    double[] explained = new double[n];
    for (int row = 0; row < m; row++) {
      weights[row] = right[row * k + k - 1];
      for (int i = 0; i < k - 1; i++) {
        explained[i] += scaled[row * n + i] * right[row * k + i];
      }
    }
    double[] mean = design.transposeTimes(weights);
    for (int i = 0; i < n; i++) {
      mean[i] *= root[i] * root[i];
    }
    if (!withVariance) {
      return new Coefficients(mean, null);
    }
    double[] variance = new double[n];
    Arrays.setAll(variance, i -> root[i] * root[i] * Math.max(0, 1 - explained[i]));
    return new Coefficients(mean, variance);
  }

  private @Nullable Coefficients overColumns(
      double[] root, double[] residual, double hardNoise, double softNoise, boolean withVariance) {
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
    double[] weighted = residual.clone();
    for (int row = 0; row < weighted.length; row++) {
      weighted[row] /= row < design.hardRows() ? hardNoise : softNoise;
    }
    double[] projected = design.transposeTimes(weighted);
    int k = withVariance ? n + 1 : 1;
    double[] right = new double[n * k];
    for (int i = 0; i < n; i++) {
      if (withVariance) {
        right[i * k + i] = 1;
      }
      right[i * k + k - 1] = root[i] * projected[i];
    }
    if (!design.algebra().solvePositiveDefinite(precision, n, right, k)) {
      return null;
    }
    double[] mean = new double[n];
    Arrays.setAll(mean, i -> root[i] * right[i * k + k - 1]);
    if (!withVariance) {
      return new Coefficients(mean, null);
    }
    double[] variance = new double[n];
    Arrays.setAll(variance, i -> root[i] * root[i] * Math.max(0, right[i * k + i]));
    return new Coefficients(mean, variance);
  }
}
