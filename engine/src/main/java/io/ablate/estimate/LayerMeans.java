package io.ablate.estimate;

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

  /** Those of the pooled outputs; parameters as below. */
  static LayerMeans of(
      PooledOutputs pooled,
      double[][] scale,
      HierarchicalPrior prior,
      Layers layers,
      FitContext context) {
    return of(pooled, pooled.outputs, scale, prior, layers, context);
  }

  /**
   * @param outputs pooled examples × rows of the pooled design, centred
   * @param scale examples × n
   * @param prior the variances learnt from the same outputs
   */
  static LayerMeans of(
      PooledOutputs pooled,
      double[][] outputs,
      double[][] scale,
      HierarchicalPrior prior,
      Layers layers,
      FitContext context) {
    LayerKernels.Noise noise =
        LayerKernels.Noise.same(Math.max(LEAST_NOISE, prior.noise()), pooled.design.rows());
    try {
      List<double[][]> moments =
          Parallel.map(
              "layer means",
              pooled.kernels.size(),
              context,
              p -> {
                double[][] regressors =
                    regressors(pooled.design, layers, scale[pooled.examples[p]], outputs[p]);
                return products(
                    regressors,
                    pooled
                        .kernels
                        .get(p)
                        .evaluate(prior.layerVariance(), noise, regressors)
                        .weights());
              });
      return new LayerMeans(solve(moments, prior.layerVariance()));
    } catch (ArithmeticException e) {
      // Singular to working precision: outputs with so little noise need no prior mean.
      return new LayerMeans(new double[layers.count()]);
    }
  }

  private static double[] solve(List<double[][]> moments, double[] variance) {
    int count = variance.length;
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
    return LayerKernels.timesSymmetric(SmallCholesky.of(precision, count).inverse(), right);
  }

  /** X̃_g s_g of every layer, what a unit of its mean adds to the outputs; then the outputs. */
  private static double[][] regressors(
      Design design, Layers layers, double[] scale, double[] outputs) {
    double[][] regressors = new double[layers.count() + 1][];
    for (int g = 0; g < layers.count(); g++) {
      double[] one = new double[scale.length];
      for (int i : layers.columns(g)) {
        one[i] = scale[i];
      }
      regressors[g] = design.times(one);
    }
    regressors[layers.count()] = outputs;
    return regressors;
  }

  /** Of every regressor with every other one's weights. */
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
