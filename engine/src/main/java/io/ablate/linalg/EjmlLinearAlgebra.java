package io.ablate.linalg;

import io.ablate.mask.MaskMatrix;
import java.util.Arrays;
import java.util.Comparator;
import java.util.stream.IntStream;
import org.ejml.data.DMatrixRMaj;
import org.ejml.dense.row.CommonOps_DDRM;
import org.ejml.dense.row.factory.DecompositionFactory_DDRM;
import org.ejml.dense.row.factory.LinearSolverFactory_DDRM;
import org.ejml.interfaces.decomposition.EigenDecomposition_F64;
import org.ejml.interfaces.linsol.LinearSolverDense;

/**
 * The reference on EJML and packed bits: always present, needs nothing native. Counting products of
 * masks (Gram, kernel) run on AND and popcount over all processors and are as fast as any BLAS;
 * dense products and factorisations run on one thread, so that beyond a few thousand components an
 * optimised implementation pays.
 */
public final class EjmlLinearAlgebra implements LinearAlgebra {
  @Override
  public String name() {
    return "ejml";
  }

  @Override
  public void multiply(
      boolean transposeA,
      boolean transposeB,
      int m,
      int n,
      int k,
      double alpha,
      double[] a,
      double[] b,
      double beta,
      double[] c) {
    DMatrixRMaj left = transposeA ? wrap(k, m, a) : wrap(m, k, a);
    DMatrixRMaj right = transposeB ? wrap(n, k, b) : wrap(k, n, b);
    DMatrixRMaj target = wrap(m, n, c);
    if (beta == 0) {
      Arrays.fill(c, 0, m * n, 0); // also over NaN, as BLAS does
    } else if (beta != 1) {
      CommonOps_DDRM.scale(beta, target);
    }
    if (m == 0 || n == 0 || k == 0) {
      return;
    }
    if (transposeA && transposeB) {
      CommonOps_DDRM.multAddTransAB(alpha, left, right, target);
    } else if (transposeA) {
      CommonOps_DDRM.multAddTransA(alpha, left, right, target);
    } else if (transposeB) {
      CommonOps_DDRM.multAddTransB(alpha, left, right, target);
    } else {
      CommonOps_DDRM.multAdd(alpha, left, right, target);
    }
  }

  @Override
  public double[] gram(MaskMatrix x) {
    return kernel(transpose(x));
  }

  @Override
  public double[] kernel(MaskMatrix x) {
    int m = x.rows();
    int width = x.wordsPerRow();
    long[] words = x.words();
    double[] counts = new double[Math.multiplyExact(m, m)];
    IntStream.range(0, m)
        .parallel()
        .forEach(
            a -> {
              int left = a * width;
              for (int b = 0; b <= a; b++) {
                int right = b * width;
                int count = 0;
                for (int w = 0; w < width; w++) {
                  count += Long.bitCount(words[left + w] & words[right + w]);
                }
                counts[a * m + b] = count;
              }
            });
    mirror(counts, m);
    return counts;
  }

  @Override
  public double[] times(MaskMatrix x, double[] b, int k) {
    int n = x.columns();
    double[] columnSums = new double[k];
    for (int j = 0; j < n; j++) {
      add(columnSums, 0, b, j * k, k, 1);
    }
    double[] product = new double[Math.multiplyExact(x.rows(), k)];
    IntStream.range(0, x.rows())
        .parallel()
        .forEach(
            row -> {
              // Sum over whichever value is rarer in this row: masks keep most components.
              boolean sumAblated = 2 * x.kept(row) > n;
              int target = row * k;
              if (sumAblated) {
                System.arraycopy(columnSums, 0, product, target, k);
              }
              for (int w = 0; w < x.wordsPerRow(); w++) {
                long bits = x.words()[row * x.wordsPerRow() + w];
                if (sumAblated) {
                  int used = Math.min(64, n - (w << 6));
                  bits = ~bits & -1L >>> 64 - used;
                }
                for (; bits != 0; bits &= bits - 1) {
                  int j = (w << 6) + Long.numberOfTrailingZeros(bits);
                  add(product, target, b, j * k, k, sumAblated ? -1 : 1);
                }
              }
            });
    return product;
  }

  @Override
  public double[] transposeTimes(MaskMatrix x, double[] b, int k) {
    return times(transpose(x), b, k);
  }

  @Override
  public boolean solvePositiveDefinite(double[] a, int n, double[] b, int k) {
    if (n == 0) {
      return true;
    }
    LinearSolverDense<DMatrixRMaj> solver = LinearSolverFactory_DDRM.chol(n);
    if (!solver.setA(wrap(n, n, a))) {
      return false;
    }
    DMatrixRMaj right = wrap(n, k, b);
    solver.solve(right.copy(), right);
    // NaN passes EJML's test of the pivots.
    return Arrays.stream(b, 0, n * k).allMatch(Double::isFinite);
  }

  @Override
  public double[] symmetricEigen(double[] a, int n) {
    if (n == 0) {
      return new double[0];
    }
    EigenDecomposition_F64<DMatrixRMaj> eigen = DecompositionFactory_DDRM.eig(n, true, true);
    if (!eigen.decompose(wrap(n, n, a.clone()))) {
      throw new IllegalArgumentException(
          "eigendecomposition of a symmetric " + n + " x " + n + " matrix did not converge");
    }
    int[] order =
        IntStream.range(0, n)
            .boxed()
            .sorted(Comparator.comparingDouble(i -> eigen.getEigenvalue(i).getReal()))
            .mapToInt(Integer::intValue)
            .toArray();
    double[] values = new double[n];
    for (int column = 0; column < n; column++) {
      values[column] = eigen.getEigenvalue(order[column]).getReal();
      DMatrixRMaj vector = eigen.getEigenVector(order[column]);
      for (int i = 0; i < n; i++) {
        a[i * n + column] = vector.data[i];
      }
    }
    return values;
  }

  private static MaskMatrix transpose(MaskMatrix x) {
    MaskMatrix transposed = new MaskMatrix(x.columns(), x.rows());
    long[] target = transposed.words();
    int width = transposed.wordsPerRow();
    for (int row = 0; row < x.rows(); row++) {
      long bit = 1L << row;
      int word = row >>> 6;
      for (int w = 0; w < x.wordsPerRow(); w++) {
        for (long bits = x.words()[row * x.wordsPerRow() + w]; bits != 0; bits &= bits - 1) {
          target[((w << 6) + Long.numberOfTrailingZeros(bits)) * width + word] |= bit;
        }
      }
    }
    return transposed;
  }

  private static void mirror(double[] lower, int n) {
    for (int i = 0; i < n; i++) {
      for (int j = 0; j < i; j++) {
        lower[j * n + i] = lower[i * n + j];
      }
    }
  }

  private static void add(double[] target, int to, double[] source, int from, int k, double sign) {
    for (int c = 0; c < k; c++) {
      target[to + c] += sign * source[from + c];
    }
  }

  private static DMatrixRMaj wrap(int rows, int columns, double[] data) {
    return DMatrixRMaj.wrap(rows, columns, data);
  }
}
