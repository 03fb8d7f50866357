package io.ablate.estimate;

import java.util.Arrays;
import java.util.List;

/**
 * What the components of a layer do on average, per unit of their scale: the prior means of the
 * hierarchical ridge, w of layer g ~ N(μ_g, τ_g²). Shared by all examples, since one example's few
 * outputs hardly tell the effect of ablating one component more from chance. Generalised least
 * squares under the prior's covariance, C = Σ_g τ_g² K_g + σ²: y ~ N(Σ_g μ_g X̃_g s_g, C), with μ_g
 * ~ N(0, τ_g²/10).
 *
 * @param ofLayer μ_g
 */
record LayerMeans(double[] ofLayer) {
  /** Variance of a layer's mean by that of its components; docs/methods.md tells how chosen. */
  private static final double SHARE = .1;

  /** Noise of standardised outputs below which the covariance is too near singular to solve. */
  private static final double LEAST_NOISE = 1e-6;

  /**
   * @param scale examples × n
   * @param prior the variances learnt from the same outputs
   */
  static LayerMeans of(
      PooledOutputs pooled,
      double[][] scale,
      HierarchicalPrior prior,
      Layers layers,
      FitContext context) {
    int count = layers.count();
    double[] variance = prior.layerVariance();
    double[] noise = new double[pooled.design.rows()];
    Arrays.fill(noise, Math.max(LEAST_NOISE, prior.noise()));
    List<double[][]> moments;
    try {
      moments =
          Parallel.map(
              "layer means",
              pooled.kernels.size(),
              context,
              p -> {
                double[][] regressors =
                    Arrays.copyOf(
                        sums(pooled.design, layers, scale[pooled.examples[p]]), count + 1);
                regressors[count] = pooled.outputs[p];
                return products(
                    regressors,
                    pooled.kernels.get(p).evaluate(variance, noise, regressors).weights());
              });
    } catch (ArithmeticException e) {
      return new LayerMeans(new double[count]);
    }
    double[] precision = new double[count * count];
    double[] right = new double[count];
    for (int g = 0; g < count; g++) {
      precision[g * count + g] = 1 / (SHARE * variance[g]);
    }
    for (double[][] one : moments) {
      for (int g = 0; g < count; g++) {
        for (int h = 0; h < count; h++) {
          precision[g * count + h] += one[g][h];
        }
        right[g] += one[g][count];
      }
    }
    try {
      double[] covariance = SmallCholesky.of(precision, count).inverse();
      return new LayerMeans(LayerKernels.timesSymmetric(covariance, right));
    } catch (ArithmeticException e) {
      return new LayerMeans(new double[count]);
    }
  }

  /** X̃_g s_g of every layer: what a unit of its mean adds to the outputs. */
  private static double[][] sums(Design design, Layers layers, double[] scale) {
    double[][] sums = new double[layers.count()][];
    Arrays.setAll(
        sums,
        g -> {
          double[] one = new double[scale.length];
          for (int i : layers.columns(g)) {
            one[i] = scale[i];
          }
          return design.times(one);
        });
    return sums;
  }

  private static double[][] products(double[][] regressors, double[][] weights) {
    double[][] products = new double[regressors.length][regressors.length];
    for (int a = 0; a < regressors.length; a++) {
      for (int b = 0; b < regressors.length; b++) {
        for (int row = 0; row < regressors[a].length; row++) {
          products[a][b] += regressors[a][row] * weights[b][row];
        }
      }
    }
    return products;
  }

  /** Prior mean of every component's attribution on one example: μ_g s. */
  double[] ofComponents(Layers layers, double[] scale) {
    double[] means = new double[scale.length];
    for (int g = 0; g < layers.count(); g++) {
      for (int i : layers.columns(g)) {
        means[i] = ofLayer[g] * scale[i];
      }
    }
    return means;
  }
}
