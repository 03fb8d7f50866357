package io.ablate.estimate;

import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Variances of the hierarchical ridge, shared by all examples, that maximise the sum of their
 * marginal likelihoods: y ~ N(0, Σ_g τ_g² K_g + σ²) with standardised outputs y.
 *
 * @param layerVariance τ_g²
 * @param noise σ²
 */
record HierarchicalPrior(double[] layerVariance, double noise) {
  /** Standard deviation of the weak prior on the logarithms. */
  private static final double WEAK = 2;

  /** A search that went on for longer has not been seen. */
  private static final int EVALUATIONS = 60;

  private static final double TOLERANCE = 1e-6;

  private static final double[][] NONE = {};

  /**
   * @param near where the search starts, such as the prior of fewer outputs; null for the centre
   */
  static HierarchicalPrior of(
      PooledOutputs pooled, int layers, @Nullable HierarchicalPrior near, FitContext context) {
    return of(pooled, single(pooled), layers, near, context);
  }

  private static double[][][] single(PooledOutputs pooled) {
    double[][][] single = new double[pooled.outputs.length][][];
    Arrays.setAll(single, p -> new double[][] {pooled.outputs[p]});
    return single;
  }

  /**
   * A prior shared by several outputs of every example.
   *
   * @param outputs pooled examples × outputs × rows of the pooled design, centred and of unit scale
   * @param near where the search starts; null for the centre
   */
  static HierarchicalPrior of(
      PooledOutputs pooled,
      double[][][] outputs,
      int layers,
      @Nullable HierarchicalPrior near,
      FitContext context) {
    double[] centre = centre(pooled, layers);
    if (pooled.kernels.isEmpty()) {
      return of(centre);
    }
    return of(
        DampedScoring.minimise(
                (x, gradient, hessian) ->
                    objective(pooled, outputs, x, centre, gradient, hessian, context),
                near == null ? centre : near.logarithms(),
                EVALUATIONS,
                TOLERANCE)
            .x());
  }

  /** What was minimised: the lower, the better the scales behind {@code pooled} explain it. */
  double misfit(PooledOutputs pooled, FitContext context) {
    int layers = layerVariance.length;
    double[] gradient = new double[layers + 1];
    return objective(
        pooled, single(pooled), logarithms(), centre(pooled, layers), gradient, null, context);
  }

  private double[] logarithms() {
    double[] x = Arrays.copyOf(layerVariance, layerVariance.length + 1);
    x[layerVariance.length] = noise;
    Arrays.setAll(x, i -> Math.log(x[i]));
    return x;
  }

  private static HierarchicalPrior of(double[] logarithms) {
    double[] variance = Arrays.stream(logarithms).map(Math::exp).toArray();
    int layers = variance.length - 1;
    return new HierarchicalPrior(Arrays.copyOf(variance, layers), variance[layers]);
  }

  /** Prior variance of every component's attribution on one example: τ_g² s². */
  double[] variances(Layers layers, double[] scale) {
    double[] variances = new double[scale.length];
    for (int g = 0; g < layers.count(); g++) {
      for (int i : layers.columns(g)) {
        variances[i] = layerVariance[g] * scale[i] * scale[i];
      }
    }
    return variances;
  }

  /** Half the outputs' variance from the masks, every layer's share alike; half noise. */
  static double[] centre(PooledOutputs pooled, int layers) {
    double[] diagonal = pooled.meanDiagonal(layers);
    double total = Arrays.stream(diagonal).sum();
    double[] centre = new double[layers + 1];
    Arrays.fill(centre, Math.log(total > 0 ? .5 / total : 1));
    centre[layers] = Math.log(.5);
    return centre;
  }

  private static double objective(
      PooledOutputs pooled,
      double[][][] outputs,
      double[] x,
      double[] centre,
      double[] gradient,
      double @Nullable [] hessian,
      FitContext context) {
    int layers = x.length - 1;
    HierarchicalPrior prior = of(x);
    LayerKernels.Noise noise = LayerKernels.Noise.same(prior.noise, pooled.design.rows());
    List<LayerKernels.Likelihood> likelihoods;
    try {
      likelihoods =
          Parallel.map(
              "hyper-parameters",
              pooled.kernels.size(),
              context,
              p ->
                  pooled
                      .kernels
                      .get(p)
                      .evaluate(
                          prior.layerVariance, noise, outputs[p], hessian == null ? null : NONE));
    } catch (ArithmeticException e) {
      return Double.POSITIVE_INFINITY;
    }
    double value = 0;
    double[] variances = Arrays.stream(x).map(Math::exp).toArray();
    double[] byLikelihood = new double[x.length];
    for (LayerKernels.Likelihood one : likelihoods) {
      // Centred outputs say nothing along the constant direction, whose variance is the noise:
      // counted, it would reward every output for noise that vanishes.
      int outputsOfOne = one.weights().length;
      value -= one.value() + .5 * outputsOfOne * Math.log(prior.noise);
      for (int g = 0; g < layers; g++) {
        byLikelihood[g] -= one.byVariance()[g] * variances[g];
      }
      byLikelihood[layers] -= one.byNoise()[0] * prior.noise + .5 * outputsOfOne;
      if (hessian != null) {
        Objects.requireNonNull(one.information()).addVariances(variances, hessian);
      }
    }
    for (int i = 0; i < x.length; i++) {
      double deviation = (x[i] - centre[i]) / WEAK;
      value += .5 * deviation * deviation;
      gradient[i] = byLikelihood[i] + deviation / WEAK;
      if (hessian != null) {
        hessian[i * x.length + i] += 1 / (WEAK * WEAK) + DampedScoring.ofLogarithm(byLikelihood[i]);
      }
    }
    return value;
  }
}
