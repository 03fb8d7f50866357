package io.ablate.estimate;

import java.util.Arrays;

/**
 * One example's Gaussian model of its outputs, y ~ N(mean, Σ_g c_g K_g + diag(noise)), in which K_g
 * = X̃_g diag(s_g²) X̃_gᵀ is what layer g contributes per unit of its prior variance. Holds the
 * upper triangles of the kernels, so it is meant for a few hundred rows.
 */
final class LayerKernels {
  private final int rows;
  private final double[][] packed;

  /**
   * @param kernels per layer, rows × rows
   */
  LayerKernels(int rows, double[][] kernels) {
    this.rows = rows;
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
    SmallCholesky factor = SmallCholesky.of(covariance(variance, noise), rows);
    double[] inverse = factor.inverse();
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
    for (int g = 0; g < packed.length; g++) {
      int at = 0;
      double sum = 0;
      for (int a = 0; a < rows; a++) {
        for (int b = a; b < rows; b++) {
          sum += slope[a * rows + b] * packed[g][at++];
        }
      }
      byVariance[g] = sum;
    }
    return new Likelihood(-.5 * value, byVariance, byNoise, weights);
  }

  /** Σ_g c_g K_g, rows × rows. */
  double[] sum(double[] variance) {
    double[] sum = covariance(variance, new double[rows]);
    for (int a = 0; a < rows; a++) {
      for (int b = 0; b < a; b++) {
        sum[a * rows + b] = sum[b * rows + a];
      }
    }
    return sum;
  }

  /** The upper triangle; the lower one is zero. */
  private double[] covariance(double[] variance, double[] noise) {
    double[] covariance = new double[rows * rows];
    for (int g = 0; g < packed.length; g++) {
      int at = 0;
      for (int a = 0; a < rows; a++) {
        int target = a * rows;
        for (int b = a; b < rows; b++) {
          covariance[target + b] += variance[g] * packed[g][at++];
        }
      }
    }
    for (int a = 0; a < rows; a++) {
      covariance[a * rows + a] += noise[a];
    }
    return covariance;
  }

  /** A product with a symmetric matrix of which the upper triangle is given. */
  static double[] timesSymmetric(double[] upper, double[] x) {
    int rows = x.length;
    double[] product = new double[rows];
    Arrays.setAll(product, a -> upper[a * rows + a] * x[a]);
    for (int a = 0; a < rows; a++) {
      for (int b = a + 1; b < rows; b++) {
        product[a] += upper[a * rows + b] * x[b];
        product[b] += upper[a * rows + b] * x[a];
      }
    }
    return product;
  }
}
