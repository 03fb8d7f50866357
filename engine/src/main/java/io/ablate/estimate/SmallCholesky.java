package io.ablate.estimate;

import java.util.Arrays;

/**
 * Cholesky factor of a symmetric positive definite matrix of a few hundred rows, with what {@link
 * io.ablate.linalg.LinearAlgebra} does not offer and a likelihood needs: the logarithm of the
 * determinant beside the inverse. Not thread-safe. Rows are arrays of their own and four are added
 * at once, so that the compiler vectorises the inner loops and the row added to is read a quarter
 * as often.
 */
final class SmallCholesky {
  private static final int PANEL = 4;

  private final int size;

  /** Its upper triangle holds R with A = RᵀR. */
  private final double[][] factor;

  /** S = R⁻ᵀ in its lower triangle. */
  private final double[][] lower;

  /** The inverse in its upper triangle. */
  private final double[][] inverse;

  /** For matrices of so many rows, one after the other: memory is used again. */
  SmallCholesky(int size) {
    this.size = size;
    this.factor = new double[size][size];
    this.lower = new double[size][size];
    this.inverse = new double[size][size];
  }

  /**
   * Factors a matrix.
   *
   * @param upper row-major; only the upper triangle is read
   * @throws ArithmeticException if it is not positive definite
   */
  static SmallCholesky of(double[] upper, int size) {
    SmallCholesky made = new SmallCholesky(size);
    made.factor(upper);
    return made;
  }

  /** As {@link #of}, in place of the last one. */
  void factor(double[] upper) {
    double[][] rows = factor;
    for (int i = 0; i < size; i++) {
      System.arraycopy(upper, i * size + i, rows[i], i, size - i);
    }
    for (int first = 0; first < size; first += PANEL) {
      int end = Math.min(first + PANEL, size);
      for (int k = first; k < end; k++) {
        double[] row = rows[k];
        double pivot = row[k];
        if (!(pivot > 0) || pivot == Double.POSITIVE_INFINITY) {
          throw new ArithmeticException("pivot " + k + " is " + pivot);
        }
        scale(row, k, size, 1 / Math.sqrt(pivot));
        for (int i = k + 1; i < end; i++) {
          add(rows[i], row, i, size, -row[i]);
        }
      }
      for (int i = end; i < size; i++) {
        addPanel(rows[i], rows, first, i, size, i, rows, -1);
      }
    }
  }

  double logDeterminant() {
    double sum = 0;
    for (int k = 0; k < size; k++) {
      sum += Math.log(factor[k][k]);
    }
    return 2 * sum;
  }

  /** The upper triangle of A⁻¹, row-major; the lower one is zero. */
  double[] inverse() {
    double[] flat = new double[size * size];
    inverse(flat);
    return flat;
  }

  /** As {@link #inverse()}, into the upper triangle of {@code flat}. */
  void inverse(double[] flat) {
    invertTranspose();
    // A⁻¹ = R⁻¹R⁻ᵀ = SᵀS: add the outer product of every row of S.
    for (int i = 0; i < size; i++) {
      Arrays.fill(inverse[i], i, size, 0);
    }
    for (int first = 0; first < size; first += PANEL) {
      int end = Math.min(first + PANEL, size);
      for (int i = 0; i < end; i++) {
        if (end - first == PANEL) {
          addPanel(inverse[i], lower, first, i, end, i, lower, 1);
        } else {
          for (int k = first; k < end; k++) {
            add(inverse[i], lower[k], i, end, lower[k][i]);
          }
        }
      }
    }
    for (int i = 0; i < size; i++) {
      System.arraycopy(inverse[i], i, flat, i * size + i, size - i);
    }
  }

  /**
   * Solves RᵀY = right in place.
   *
   * @param right size rows of {@code width} entries
   */
  void solveTransposed(double[][] right, int width) {
    for (int first = 0; first < size; first += PANEL) {
      int end = Math.min(first + PANEL, size);
      for (int k = first; k < end; k++) {
        scale(right[k], 0, width, 1 / factor[k][k]);
        for (int i = k + 1; i < end; i++) {
          add(right[i], right[k], 0, width, -factor[k][i]);
        }
      }
      for (int i = end; i < size; i++) {
        addPanel(right[i], right, first, 0, width, i, factor, -1);
      }
    }
  }

  /** RᵀS = 1 by forward substitution. */
  private void invertTranspose() {
    for (int i = 0; i < size; i++) {
      Arrays.fill(lower[i], 0, i + 1, 0);
    }
    for (int first = 0; first < size; first += PANEL) {
      int end = Math.min(first + PANEL, size);
      for (int k = first; k < end; k++) {
        lower[k][k] += 1;
        scale(lower[k], 0, k + 1, 1 / factor[k][k]);
        for (int i = k + 1; i < end; i++) {
          add(lower[i], lower[k], 0, k + 1, -factor[k][i]);
        }
      }
      for (int i = end; i < size; i++) {
        addPanel(lower[i], lower, first, 0, end, i, factor, -1);
      }
    }
  }

  private static void scale(double[] row, int from, int to, double factor) {
    for (int j = from; j < to; j++) {
      row[j] *= factor;
    }
  }

  private static void add(double[] target, double[] source, int from, int to, double factor) {
    for (int j = from; j < to; j++) {
      target[j] += factor * source[j];
    }
  }

  /** Adds the rows of a panel, each times {@code sign} and its entry of a column of factors. */
  private static void addPanel(
      double[] target,
      double[][] rows,
      int first,
      int from,
      int to,
      int column,
      double[][] factors,
      int sign) {
    double[] a = rows[first];
    double[] b = rows[first + 1];
    double[] c = rows[first + 2];
    double[] d = rows[first + 3];
    double fa = sign * factors[first][column];
    double fb = sign * factors[first + 1][column];
    double fc = sign * factors[first + 2][column];
    double fd = sign * factors[first + 3][column];
    for (int j = from; j < to; j++) {
      target[j] += fa * a[j] + fb * b[j] + fc * c[j] + fd * d[j];
    }
  }
}
