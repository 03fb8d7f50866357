package io.ablate.estimate;

import java.util.Arrays;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;

/**
 * One example's Gaussian model of its outputs, y ~ N(mean, Σ_g c_g K_g + diag(noise)), in which K_g
 * = X̃_g diag(s_g²) X̃_gᵀ is what layer g contributes per unit of its prior variance. Holds the
 * upper triangles of the kernels, so it is meant for a few hundred rows.
 */
final class LayerKernels {
  private static final int SIDE_BY_SIDE = 4;

  private final int rows;
  private final double[][] packed;
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
    this.packed = new double[kernels.length][];
    for (int g = 0; g < kernels.length; g++) {
      packed[g] = pack(kernels[g], rows);
    }
  }

  private static double[] pack(double[] full, int rows) {
    double[] packed = new double[rows * (rows + 1) / 2];
    int at = 0;
    for (int a = 0; a < rows; a++) {
      System.arraycopy(full, a * rows + a, packed, at, rows - a);
      at += rows - a;
    }
    return packed;
  }

  int rows() {
    return rows;
  }

  /** Mean of the diagonal of every layer's kernel: the outputs' variance per unit of c_g. */
  double[] meanDiagonal() {
    double[] mean = new double[packed.length];
    for (int g = 0; g < mean.length; g++) {
      int at = 0;
      for (int a = 0; a < rows; a++) {
        mean[g] += packed[g][at] / rows;
        at += rows - a;
      }
    }
    return mean;
  }

  /**
   * The logarithm of the density of the residuals, less its constant, with its derivatives.
   *
   * @param value −½ (log det C + rᵀC⁻¹r), summed over the residuals
   * @param byVariance ∂/∂c_g
   * @param byNoise ∂/∂noise of every row
   * @param weights C⁻¹r of every residual, which is also ∂/∂mean
   */
  record Likelihood(double value, double[] byVariance, double[] byNoise, double[][] weights) {}

  /** Of one residual. */
  Likelihood evaluate(double[] variance, double[] noise, double[] residual) {
    return evaluate(variance, noise, new double[][] {residual});
  }

  /**
   * @param residuals several independent outputs of the same covariance
   * @throws ArithmeticException if the covariance is not positive definite to working precision
   */
  Likelihood evaluate(double[] variance, double[] noise, double[][] residuals) {
    Space space = spaces.take();
    try {
      return evaluate(variance, noise, residuals, space);
    } finally {
      spaces.free.add(space);
    }
  }

  private Likelihood evaluate(
      double[] variance, double[] noise, double[][] residuals, Space space) {
    SmallCholesky factor = space.factor;
    covariance(variance, noise, space.covariance);
    factor.factor(space.covariance);
    double[] inverse = space.inverse;
    factor.inverse(inverse);
    int count = residuals.length;
    double value = count * factor.logDeterminant();
    double[][] weights = new double[count][];
    double[] byNoise = new double[rows];
    for (int k = 0; k < count; k++) {
      weights[k] = timesSymmetric(inverse, residuals[k]);
      for (int a = 0; a < rows; a++) {
        value += residuals[k][a] * weights[k][a];
        byNoise[a] += .5 * (weights[k][a] * weights[k][a] - inverse[a * rows + a]);
      }
    }
    // d/dK of the likelihood, off-diagonal entries doubled because only the triangle is summed.
    double[] slope = inverse;
    for (int a = 0; a < rows; a++) {
      for (int b = a; b < rows; b++) {
        double outer = 0;
        for (int k = 0; k < count; k++) {
          outer += weights[k][a] * weights[k][b];
        }
        slope[a * rows + b] = (a == b ? .5 : 1) * (outer - count * slope[a * rows + b]);
      }
    }
    double[] byVariance = new double[packed.length];
    for (int g = 0; g < packed.length; g += SIDE_BY_SIDE) {
      sumProducts(slope, g, byVariance);
    }
    return new Likelihood(-.5 * value, byVariance, byNoise, weights);
  }

  /** Of a few layers at once: their sums, each in the order of its entries, need not wait. */
  private void sumProducts(double[] slope, int g, double[] sums) {
    double[] first = packed[g];
    double[] second = packed[Math.min(g + 1, packed.length - 1)];
    double[] third = packed[Math.min(g + 2, packed.length - 1)];
    double[] fourth = packed[Math.min(g + 3, packed.length - 1)];
    double ofFirst = 0;
    double ofSecond = 0;
    double ofThird = 0;
    double ofFourth = 0;
    int at = 0;
    for (int a = 0; a < rows; a++) {
      for (int b = a * rows + a; b < (a + 1) * rows; b++, at++) {
        double here = slope[b];
        ofFirst += here * first[at];
        ofSecond += here * second[at];
        ofThird += here * third[at];
        ofFourth += here * fourth[at];
      }
    }
    double[] found = {ofFirst, ofSecond, ofThird, ofFourth};
    System.arraycopy(found, 0, sums, g, Math.min(SIDE_BY_SIDE, packed.length - g));
  }

  /** Σ_g c_g K_g, rows × rows. */
  double[] sum(double[] variance) {
    double[] sum = new double[rows * rows];
    covariance(variance, new double[rows], sum);
    for (int a = 0; a < rows; a++) {
      for (int b = 0; b < a; b++) {
        sum[a * rows + b] = sum[b * rows + a];
      }
    }
    return sum;
  }

  /** Writes the upper triangle. */
  private void covariance(double[] variance, double[] noise, double[] covariance) {
    Arrays.fill(covariance, 0);
    for (int g = 0; g < packed.length; g += SIDE_BY_SIDE) {
      addLayers(variance, g, covariance);
    }
    for (int a = 0; a < rows; a++) {
      covariance[a * rows + a] += noise[a];
    }
  }

  /** A few layers at once, one after the other in every entry. */
  private void addLayers(double[] variance, int g, double[] covariance) {
    double[][] some = new double[SIDE_BY_SIDE][];
    double[] by = new double[SIDE_BY_SIDE];
    for (int i = 0; i < SIDE_BY_SIDE; i++) {
      some[i] = packed[Math.min(g + i, packed.length - 1)];
      by[i] = g + i < packed.length ? variance[g + i] : 0;
    }
    double[] first = some[0];
    double[] second = some[1];
    double[] third = some[2];
    double[] fourth = some[3];
    int at = 0;
    for (int a = 0; a < rows; a++) {
      for (int b = a * rows + a; b < (a + 1) * rows; b++, at++) {
        double sum = covariance[b] + by[0] * first[at];
        sum += by[1] * second[at];
        sum += by[2] * third[at];
        covariance[b] = sum + by[3] * fourth[at];
      }
    }
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
