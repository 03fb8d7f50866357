package io.ablate.estimate;

/**
 * Cholesky factor of a symmetric positive definite matrix of a few hundred rows, with what {@link
 * io.ablate.linalg.LinearAlgebra} does not offer and a likelihood needs: the logarithm of the
 * determinant beside the inverse. Inner loops run along rows, so that the compiler vectorises them.
 */
final class SmallCholesky {
  private final int size;

  /** Row-major; the upper triangle holds R with A = RᵀR. */
  private final double[] factor;

  private SmallCholesky(int size, double[] factor) {
    this.size = size;
    this.factor = factor;
  }

  /**
   * Factors the matrix in place.
   *
   * @param upper row-major; only the upper triangle is read
   * @throws ArithmeticException if it is not positive definite
   */
  static SmallCholesky of(double[] upper, int size) {
    for (int k = 0; k < size; k++) {
      double pivot = upper[k * size + k];
      if (!(pivot > 0) || pivot == Double.POSITIVE_INFINITY) {
        throw new ArithmeticException("pivot " + k + " is " + pivot);
      }
      double scale = 1 / Math.sqrt(pivot);
      for (int j = k; j < size; j++) {
        upper[k * size + j] *= scale;
      }
      for (int i = k + 1; i < size; i++) {
        addRow(upper, i * size, k * size, i, size, -upper[k * size + i]);
      }
    }
    return new SmallCholesky(size, upper);
  }

  double logDeterminant() {
    double sum = 0;
    for (int k = 0; k < size; k++) {
      sum += Math.log(factor[k * size + k]);
    }
    return 2 * sum;
  }

  /** The upper triangle of A⁻¹, row-major; the lower one is zero. */
  double[] inverse() {
    // Row j of S is row j of R⁻ᵀ reversed in role: S = R⁻¹ᵀ is lower triangular, S Rᵀ = 1.
    double[] lower = new double[size * size];
    for (int k = 0; k < size; k++) {
      lower[k * size + k] += 1;
      double scale = 1 / factor[k * size + k];
      for (int j = 0; j <= k; j++) {
        lower[k * size + j] *= scale;
      }
      for (int i = k + 1; i < size; i++) {
        addRow(lower, i * size, k * size, 0, k + 1, -factor[k * size + i]);
      }
    }
    // A⁻¹ = R⁻¹R⁻ᵀ = SᵀS: add the outer product of every row of S.
    double[] inverse = new double[size * size];
    for (int k = 0; k < size; k++) {
      for (int i = 0; i <= k; i++) {
        double factorEntry = lower[k * size + i];
        int target = i * size;
        int source = k * size;
        for (int j = i; j <= k; j++) {
          inverse[target + j] += factorEntry * lower[source + j];
        }
      }
    }
    return inverse;
  }

  private static void addRow(double[] a, int target, int source, int from, int to, double factor) {
    for (int j = from; j < to; j++) {
      a[target + j] += factor * a[source + j];
    }
  }
}
