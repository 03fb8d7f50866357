package io.ablate.estimate;

import io.ablate.linalg.LinearAlgebra;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.function.UnaryOperator;

/**
 * X̃ᵀX̃·Z = B or, in the form by rows, (X̃X̃ᵀ + c·11ᵀ)·Z = B: Cholesky where the matrix is well
 * conditioned, otherwise the pseudo-inverse from an eigendecomposition. The added multiple of the
 * ones makes the centred kernel, which annihilates them, invertible; it changes nothing for right
 * sides that sum to 0.
 */
final class NormalEquations {
  /** Condition estimates above this call for a refinement step. */
  static final double REFINE = 1e6;

  /** Condition estimates above this call for an eigendecomposition. */
  static final double SINGULAR = 1e12;

  /** Eigenvalues below this share of the greatest count as 0: 1e-6 squared. */
  static final double CUT_OFF = 1e-12;

  static final int PROBES = 3;

  private final CentredMasks x;
  private final boolean byRows;
  private final LinearAlgebra algebra;
  private final int size;

  NormalEquations(CentredMasks x, boolean byRows, LinearAlgebra algebra) {
    this.x = x;
    this.byRows = byRows;
    this.algebra = algebra;
    this.size = byRows ? x.rows() : x.columns();
  }

  /**
   * @param values the solution
   * @param solver how it was found, for diagnostics
   * @param refine whether it may be inaccurate
   * @param again solves for another right side
   */
  record Solution(double[] values, String solver, boolean refine, UnaryOperator<double[]> again) {}

  /** Solves for the columns of b, size × k. */
  Solution solve(double[] b) {
    int k = size == 0 ? 1 : b.length / size;
    double[] matrix = matrix();
    double norm = infinityNorm(matrix);
    double[] probed = withProbes(b, k);
    if (algebra.solvePositiveDefinite(matrix, size, probed, k + PROBES)) {
      double condition = norm * largestProbe(probed, k);
      if (condition < SINGULAR) {
        return new Solution(
            withoutProbes(probed, k),
            "cholesky",
            condition > REFINE,
            right -> {
              double[] solved = right.clone();
              if (!algebra.solvePositiveDefinite(matrix(), size, solved, k)) {
                throw new IllegalStateException("a matrix was definite once and then was not");
              }
              return solved;
            });
      }
    }
    double[] vectors = matrix();
    double[] eigenvalues = algebra.symmetricEigen(vectors, size);
    UnaryOperator<double[]> pseudoInverse =
        right -> pseudoInverseTimes(vectors, eigenvalues, right, k);
    return new Solution(pseudoInverse.apply(b), "eigen", true, pseudoInverse);
  }

  private double[] matrix() {
    if (!byRows) {
      return x.gram();
    }
    double[] kernel = x.kernel();
    double trace = 0;
    for (int i = 0; i < size; i++) {
      trace += kernel[i * size + i];
    }
    // As an eigenvalue, the mean of the others: neither hides them nor is hidden.
    double constant = trace / size / size;
    for (int i = 0; i < kernel.length; i++) {
      kernel[i] += constant;
    }
    return kernel;
  }

  private double[] pseudoInverseTimes(double[] vectors, double[] eigenvalues, double[] b, int k) {
    double[] projected = new double[size * k];
    algebra.multiply(true, false, size, k, size, 1, vectors, b, 0, projected);
    double greatest = size == 0 ? 0 : Math.max(0, eigenvalues[size - 1]);
    for (int i = 0; i < projected.length; i++) {
      double eigenvalue = eigenvalues[i / k];
      projected[i] = eigenvalue > CUT_OFF * greatest ? projected[i] / eigenvalue : 0;
    }
    double[] solved = new double[size * k];
    algebra.multiply(false, false, size, k, size, 1, vectors, projected, 0, solved);
    return solved;
  }

  /** Random signs, size × probes: how far solving stretches them bounds the least eigenvalue. */
  static double[] probes(int size) {
    SplittableRandom random = new SplittableRandom(size);
    double[] probes = new double[size * PROBES];
    Arrays.setAll(probes, i -> random.nextBoolean() ? 1 : -1);
    return probes;
  }

  private double[] withProbes(double[] b, int k) {
    double[] probes = probes(size);
    int width = k + PROBES;
    double[] probed = new double[size * width];
    for (int i = 0; i < size; i++) {
      System.arraycopy(b, i * k, probed, i * width, k);
      System.arraycopy(probes, i * PROBES, probed, i * width + k, PROBES);
    }
    return probed;
  }

  private double[] withoutProbes(double[] probed, int k) {
    double[] values = new double[size * k];
    for (int i = 0; i < size; i++) {
      System.arraycopy(probed, i * (k + PROBES), values, i * k, k);
    }
    return values;
  }

  private double largestProbe(double[] probed, int k) {
    double largest = 0;
    for (int p = 0; p < PROBES; p++) {
      double square = 0;
      for (int i = 0; i < size; i++) {
        double value = probed[i * (k + PROBES) + k + p];
        square += value * value;
      }
      largest = Math.max(largest, square);
    }
    return Math.sqrt(largest);
  }

  private double infinityNorm(double[] matrix) {
    double norm = 0;
    for (int i = 0; i < size; i++) {
      double sum = 0;
      for (int j = 0; j < size; j++) {
        sum += Math.abs(matrix[i * size + j]);
      }
      norm = Math.max(norm, sum);
    }
    return norm;
  }
}
