package io.ablate.estimate;

import io.ablate.linalg.LinearAlgebra;
import java.util.Arrays;
import java.util.SplittableRandom;

/**
 * The leading eigenvectors, by magnitude of the eigenvalue, of W = Σ_r α_r v_r v_rᵀ with v_r = d ⊙
 * x̃_r and its diagonal set to zero, by subspace iteration. W is n × n and never formed: a product
 * with it is one with the masks and one with their transpose.
 *
 * @param vectors rank × n, orthonormal
 * @param values rank eigenvalues
 */
record PairFactors(double[][] vectors, double[] values) {
  private static final int ITERATIONS = 12;

  /** Further directions that are iterated and dropped: they speed the last ones kept. */
  private static final int SPARE = 8;

  /**
   * @param alpha one per row of the masks
   * @param d one per column
   */
  static PairFactors of(
      CentredMasks x, double[] alpha, double[] d, int rank, LinearAlgebra algebra, long seed) {
    int n = x.columns();
    int width = Math.min(n, rank + SPARE);
    SplittableRandom random = new SplittableRandom(seed);
    double[] basis = random.doubles((long) n * width, -1, 1).toArray();
    orthonormalise(basis, n, width);
    double[] diagonal = diagonal(x, alpha, d);
    double[] product = times(x, alpha, d, diagonal, basis, width);
    for (int iteration = 0; iteration < ITERATIONS; iteration++) {
      basis = product;
      orthonormalise(basis, n, width);
      product = times(x, alpha, d, diagonal, basis, width);
    }
    // Rayleigh and Ritz: the best that the subspace holds.
    double[] small = new double[width * width];
    algebra.multiply(true, false, width, width, n, 1, basis, product, 0, small);
    for (int a = 0; a < width; a++) {
      for (int b = 0; b < a; b++) {
        double mean = .5 * (small[a * width + b] + small[b * width + a]);
        small[a * width + b] = mean;
        small[b * width + a] = mean;
      }
    }
    double[] values = algebra.symmetricEigen(small, width);
    double[] vectors = new double[n * width];
    algebra.multiply(false, false, n, width, width, 1, basis, small, 0, vectors);
    return largest(vectors, values, n, Math.min(rank, width));
  }

  private static PairFactors largest(double[] vectors, double[] values, int n, int rank) {
    int width = values.length;
    int low = 0;
    int high = width - 1;
    double[][] kept = new double[rank][n];
    double[] magnitudes = new double[rank];
    for (int k = 0; k < rank; k++) {
      // Ascending eigenvalues: the largest magnitude left is at one end.
      int column = Math.abs(values[low]) > Math.abs(values[high]) ? low++ : high--;
      magnitudes[k] = values[column];
      for (int i = 0; i < n; i++) {
        kept[k][i] = vectors[i * width + column];
      }
    }
    return new PairFactors(kept, magnitudes);
  }

  /** d_i² Σ_r α_r x̃_ri². */
  private static double[] diagonal(CentredMasks x, double[] alpha, double[] d) {
    double[] mean = x.means();
    double[] diagonal = x.transposeTimes(alpha, 1);
    double total = Arrays.stream(alpha).sum();
    // x̃² = (1 − 2c) x̃ + c (1 − c) for x of 0 or 1.
    for (int i = 0; i < diagonal.length; i++) {
      double c = mean[i];
      diagonal[i] = d[i] * d[i] * ((1 - 2 * c) * diagonal[i] + c * (1 - c) * total);
    }
    return diagonal;
  }

  /** W·B, n × width. */
  private static double[] times(
      CentredMasks x, double[] alpha, double[] d, double[] diagonal, double[] b, int width) {
    double[] scaled = new double[b.length];
    for (int i = 0; i < b.length; i++) {
      scaled[i] = d[i / width] * b[i];
    }
    double[] rows = x.times(scaled, width);
    for (int i = 0; i < rows.length; i++) {
      rows[i] *= alpha[i / width];
    }
    double[] product = x.transposeTimes(rows, width);
    for (int i = 0; i < product.length; i++) {
      product[i] = d[i / width] * product[i] - diagonal[i / width] * b[i];
    }
    return product;
  }

  /** Gram and Schmidt, twice for each column; a column that vanishes becomes zero. */
  private static void orthonormalise(double[] basis, int n, int width) {
    for (int c = 0; c < width; c++) {
      double before = norm(basis, n, width, c);
      for (int pass = 0; pass < 2; pass++) {
        for (int other = 0; other < c; other++) {
          double dot = 0;
          for (int i = 0; i < n; i++) {
            dot += basis[i * width + c] * basis[i * width + other];
          }
          for (int i = 0; i < n; i++) {
            basis[i * width + c] -= dot * basis[i * width + other];
          }
        }
      }
      double norm = norm(basis, n, width, c);
      for (int i = 0; i < n; i++) {
        basis[i * width + c] = norm > 1e-12 * before ? basis[i * width + c] / norm : 0;
      }
    }
  }

  private static double norm(double[] basis, int n, int width, int column) {
    double sum = 0;
    for (int i = 0; i < n; i++) {
      sum += basis[i * width + column] * basis[i * width + column];
    }
    return Math.sqrt(sum);
  }
}
