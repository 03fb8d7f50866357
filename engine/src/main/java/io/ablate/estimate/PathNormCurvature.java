package io.ablate.estimate;

import java.util.Arrays;

/** How curved the error of {@link PathNormNetworks} is, which bounds their steps. */
final class PathNormCurvature {
  private static final int POWER_STEPS = 20;
  private static final double SAFETY = 1.15;

  private PathNormCurvature() {}

  /**
   * The largest eigenvalue of (Z − 1z̄ᵀ) diag(c²) (Z − 1z̄ᵀ)ᵀ / m by power iteration from the
   * outputs, with a margin. It bounds the curvature of the error by V: the rectifiers multiply that
   * kernel entry by entry with one whose diagonal is at most 1 (Schur).
   *
   * @param target the example's outputs, one per row, about 0
   * @param scale c, one per column
   * @param mean z̄
   */
  static double largest(SparseRows rows, float[] target, double[] scale, double[] mean) {
    int m = rows.ones().length;
    double[] v = new double[m];
    Arrays.setAll(v, r -> target[r]);
    double largest = 0;
    for (int step = 0; step < POWER_STEPS; step++) {
      double norm = Math.sqrt(Arrays.stream(v).map(x -> x * x).sum());
      if (norm == 0) {
        break;
      }
      double[] columns = new double[mean.length];
      double sum = 0;
      for (int r = 0; r < m; r++) {
        v[r] /= norm;
        sum += v[r];
        for (int j : rows.ones()[r]) {
          columns[j] += v[r];
        }
      }
      double shift = 0;
      for (int j = 0; j < mean.length; j++) {
        columns[j] = scale[j] * scale[j] * (columns[j] - mean[j] * sum);
        shift += mean[j] * columns[j];
      }
      double square = 0;
      for (int r = 0; r < m; r++) {
        double product = -shift;
        for (int j : rows.ones()[r]) {
          product += columns[j];
        }
        v[r] = product;
        square += product * product;
      }
      largest = Math.sqrt(square);
    }
    return Math.max(SAFETY * largest / m, 1e-12);
  }
}
