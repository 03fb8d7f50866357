package io.ablate.estimate;

import java.util.Arrays;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.jspecify.annotations.Nullable;

/**
 * One example's Gaussian model of its outputs, y ~ N(mean, Σ_g c_g K_g + diag(noise)), in which K_g
 * = X̃_g diag(s_g²) X̃_gᵀ is what layer g contributes per unit of its prior variance. Holds the
 * upper triangles of the kernels, so it is meant for a few hundred rows. Thread-safe.
 */
final class LayerKernels {
  /** Outputs whose average information stands for that of all: it need not be exact. */
  private static final int INFORMING = 2;

  private final int rows;
  private final PackedKernels kernels;
  private final Spaces spaces;

  /** Memory for likelihoods, used again: as much of it as are evaluated at a time. Thread-safe. */
  static final class Spaces {
    private final int rows;
    private final Queue<Space> free = new ConcurrentLinkedQueue<>();

    Spaces(int rows) {
      this.rows = rows;
    }

    private Space take() {
      Space one = free.poll();
      return one != null
          ? one
          : new Space(new double[rows * rows], new SmallCholesky(rows), new double[rows * rows]);
    }
  }

  private record Space(double[] covariance, SmallCholesky factor, double[] inverse) {}

  /**
   * The outputs' noise.
   *
   * @param variance of every group of rows
   * @param ends the row behind each group's last; the first group begins with row 0
   */
  record Noise(double[] variance, int... ends) {
    /** One for so many rows. */
    static Noise same(double variance, int rows) {
      return new Noise(new double[] {variance}, rows);
    }

    int groups() {
      return ends.length;
    }

    int first(int group) {
      return group == 0 ? 0 : ends[group - 1];
    }
  }

  /**
   * @param kernels per layer, rows × rows
   */
  LayerKernels(int rows, double[][] kernels) {
    this(rows, kernels, new Spaces(rows));
  }

  /**
   * @param spaces may be shared by all of as many rows
   */
  LayerKernels(int rows, double[][] kernels, Spaces spaces) {
    this.rows = rows;
    this.spaces = spaces;
    this.kernels = new PackedKernels(rows, kernels);
  }

  int rows() {
    return rows;
  }

  /** Mean of the diagonal of every layer's kernel: the outputs' variance per unit of c_g. */
  double[] meanDiagonal() {
    return kernels.meanDiagonal();
  }

  /** Σ_g c_g K_g, rows × rows. */
  double[] sum(double[] variance) {
    double[] sum = new double[rows * rows];
    kernels.addTo(sum, variance);
    for (int a = 0; a < rows; a++) {
      for (int b = 0; b < a; b++) {
        sum[a * rows + b] = sum[b * rows + a];
      }
    }
    return sum;
  }

  /**
   * The logarithm of the density of the residuals, less its constant, with its derivatives.
   *
   * @param value −½ (log det C + rᵀC⁻¹r), summed over the residuals
   * @param byVariance ∂/∂c_g
   * @param byNoise ∂/∂noise of every group
   * @param weights C⁻¹r of every residual, which is also ∂/∂mean
   * @param information what stands for the second derivatives; null where not asked for
   */
  record Likelihood(
      double value,
      double[] byVariance,
      double[] byNoise,
      double[][] weights,
      @Nullable Information information) {}

  /**
   * Positive semidefinite stand-ins for minus the second derivatives.
   *
   * @param ofVariances of layers, then of groups of noise, as a square: the average information of
   *     Gilmour, Thompson, Cullis (1995), ½ rᵀC⁻¹ C_i C⁻¹ C_j C⁻¹r with C_i = ∂C/∂i, the mean of
   *     observed and expected information
   * @param ofMeans FᵀC⁻¹F of the directions F in which the mean may change, for all residuals
   */
  record Information(double[] ofVariances, double[] ofMeans) {
    /**
     * Adds that of the variances to the first rows and columns of a square.
     *
     * @param derivatives of the variances by what the square is for
     */
    void addVariances(double[] derivatives, double[] square) {
      int size = (int) Math.sqrt(square.length);
      int count = derivatives.length;
      for (int i = 0; i < count; i++) {
        for (int j = 0; j < count; j++) {
          square[i * size + j] += derivatives[i] * derivatives[j] * ofVariances[i * count + j];
        }
      }
    }

    /** Adds that of the means to a square's rows and columns {@code from} onward. */
    void addMeans(int from, double[] square) {
      int size = (int) Math.sqrt(square.length);
      int count = size - from;
      for (int i = 0; i < count; i++) {
        for (int j = 0; j < count; j++) {
          square[(from + i) * size + from + j] += ofMeans[i * count + j];
        }
      }
    }
  }

  /**
   * @param residuals several independent outputs of the same covariance
   * @throws ArithmeticException if the covariance is not positive definite to working precision
   */
  Likelihood evaluate(double[] variance, Noise noise, double[][] residuals) {
    return evaluate(variance, noise, residuals, null);
  }

  /**
   * With second derivatives.
   *
   * @param means directions in which the mean may change
   */
  Likelihood evaluate(
      double[] variance, Noise noise, double[][] residuals, double @Nullable [][] means) {
    Space space = spaces.take();
    try {
      return evaluate(variance, noise, residuals, means, space);
    } finally {
      spaces.free.add(space);
    }
  }

  private Likelihood evaluate(
      double[] variance,
      Noise noise,
      double[][] residuals,
      double @Nullable [][] means,
      Space space) {
    SmallCholesky factor = space.factor;
    covariance(variance, noise, space.covariance);
    factor.factor(space.covariance);
    double[] inverse = space.inverse;
    factor.inverse(inverse);
    int count = residuals.length;
    double value = count * factor.logDeterminant();
    double[][] weights = new double[count][];
    for (int k = 0; k < count; k++) {
      weights[k] = timesSymmetric(inverse, residuals[k]);
      for (int a = 0; a < rows; a++) {
        value += residuals[k][a] * weights[k][a];
      }
    }
    double[] byNoise = new double[noise.groups()];
    for (int group = 0; group < byNoise.length; group++) {
      for (int a = noise.first(group); a < noise.ends[group]; a++) {
        byNoise[group] += .5 * (outer(weights, a, a) - count * inverse[a * rows + a]);
      }
    }
    // d/dK of the likelihood, off-diagonal entries doubled because only the triangle is summed.
    double[] slope = inverse;
    for (int a = 0; a < rows; a++) {
      for (int b = a; b < rows; b++) {
        slope[a * rows + b] =
            (a == b ? .5 : 1) * (outer(weights, a, b) - count * slope[a * rows + b]);
      }
    }
    return new Likelihood(
        -.5 * value,
        kernels.products(slope),
        byNoise,
        weights,
        means == null ? null : information(factor, noise, weights, means));
  }

  private static double outer(double[][] weights, int a, int b) {
    double sum = 0;
    for (double[] one : weights) {
      sum += one[a] * one[b];
    }
    return sum;
  }

  /** Writes the upper triangle. */
  private void covariance(double[] variance, Noise noise, double[] covariance) {
    Arrays.fill(covariance, 0);
    kernels.addTo(covariance, variance);
    for (int group = 0; group < noise.groups(); group++) {
      for (int a = noise.first(group); a < noise.ends[group]; a++) {
        covariance[a * rows + a] += noise.variance[group];
      }
    }
  }

  private Information information(
      SmallCholesky factor, Noise noise, double[][] weights, double[][] means) {
    int informing = Math.min(INFORMING, weights.length);
    int each = kernels.count() + noise.groups();
    double[] ofVariances = new double[each * each];
    for (int k = 0; k < informing; k++) {
      double[] one = gram(factor, byVariances(noise, weights[k]));
      for (int i = 0; i < one.length; i++) {
        ofVariances[i] += .5 * weights.length / informing * one[i];
      }
    }
    double[] ofMeans = gram(factor, means);
    for (int i = 0; i < ofMeans.length; i++) {
      ofMeans[i] *= weights.length;
    }
    return new Information(ofVariances, ofMeans);
  }

  /** ∂C/∂c_g C⁻¹r of every layer, then the same by the noise of every group. */
  private double[][] byVariances(Noise noise, double[] weights) {
    double[][] products = Arrays.copyOf(kernels.times(weights), kernels.count() + noise.groups());
    for (int group = 0; group < noise.groups(); group++) {
      double[] own = new double[rows];
      int first = noise.first(group);
      System.arraycopy(weights, first, own, first, noise.ends[group] - first);
      products[kernels.count() + group] = own;
    }
    return products;
  }

  /** VᵀC⁻¹V of some vectors, as a square. */
  private double[] gram(SmallCholesky factor, double[][] vectors) {
    int count = vectors.length;
    double[][] solved = new double[rows][count];
    for (int i = 0; i < count; i++) {
      for (int a = 0; a < rows; a++) {
        solved[a][i] = vectors[i][a];
      }
    }
    factor.solveTransposed(solved, count);
    double[] gram = new double[count * count];
    for (double[] row : solved) {
      for (int i = 0; i < count; i++) {
        double here = row[i];
        int at = i * count;
        for (int j = 0; j < count; j++) {
          gram[at + j] += here * row[j];
        }
      }
    }
    return gram;
  }

  /** A product with a symmetric matrix of which the upper triangle is given. */
  static double[] timesSymmetric(double[] upper, double[] x) {
    int rows = x.length;
    double[] product = new double[rows];
    Arrays.setAll(product, a -> upper[a * rows + a] * x[a]);
    for (int a = 0; a < rows; a++) {
      double sum = product[a];
      int row = a * rows;
      for (int b = a + 1; b < rows; b++) {
        sum += upper[row + b] * x[b];
        product[b] += upper[row + b] * x[a];
      }
      product[a] = sum;
    }
    return product;
  }
}
