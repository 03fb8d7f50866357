package io.ablate.linalg;

import io.ablate.mask.MaskMatrix;
import org.jspecify.annotations.Nullable;

/**
 * The matrix work of the estimators. Dense matrices are row-major {@code double[]}; 0/1 matrices
 * are packed. {@link EjmlLinearAlgebra} is the reference that every other implementation must agree
 * with. Implementations are stateless and thread-safe; arguments are never kept, and changed only
 * where said.
 */
public interface LinearAlgebra {
  /** For reports: {@code "ejml"}, {@code "openblas"}, … */
  String name();

  /**
   * C = alpha · op(A) · op(B) + beta · C, where op transposes on demand; C is m × n, the inner
   * extent k.
   */
  void multiply(
      boolean transposeA,
      boolean transposeB,
      int m,
      int n,
      int k,
      double alpha,
      double[] a,
      double[] b,
      double beta,
      double[] c);

  /** XᵀX of a 0/1 matrix, n × n: entry (i, j) counts the rows that keep both i and j. Exact. */
  double[] gram(MaskMatrix x);

  /**
   * XXᵀ of a 0/1 matrix, m × m: entry (a, b) counts the components that rows a and b both keep.
   * Exact.
   */
  double[] kernel(MaskMatrix x);

  /** X·B with X 0/1 [m × n] and B [n × k]: m × k. */
  double[] times(MaskMatrix x, double[] b, int k);

  /** Xᵀ·B with X 0/1 [m × n] and B [m × k]: n × k. */
  double[] transposeTimes(MaskMatrix x, double[] b, int k);

  /**
   * Solves A·Z = B for symmetric positive definite A [n × n] by Cholesky. A and B are overwritten;
   * B holds Z afterwards.
   *
   * @return false if A is not positive definite to working precision (B is then undefined)
   */
  boolean solvePositiveDefinite(double[] a, int n, double[] b, int k);

  /**
   * A regression whose matrices and right sides stay where this implementation computes, if that is
   * worth it for such a matrix; null where the caller does as well with the operations above.
   *
   * @param columnCounts ones of every column
   * @param byRows the form
   */
  default @Nullable MaskRegression regression(MaskMatrix x, double[] columnCounts, boolean byRows) {
    return null;
  }

  /**
   * A ridge regression whose matrices and outputs stay where this implementation computes, if that
   * is worth it for such a matrix; null where the caller does as well with the operations here.
   *
   * @param columnCounts ones of every column
   * @param byRows whether by X̃X̃ᵀ, else by X̃ᵀX̃
   */
  default @Nullable MaskRidge ridge(MaskMatrix x, double[] columnCounts, boolean byRows) {
    return null;
  }

  /**
   * Eigenvalues, ascending, of symmetric A [n × n]; A is overwritten by the eigenvectors as
   * columns.
   */
  double[] symmetricEigen(double[] a, int n);
}
