package io.ablate.estimate;

import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Hyper-parameters of the model that joins gradients and outputs: θ = Σ_k α_kg z_k + r, in which
 * z_k are the statistics of the gradients, α_kg their weights in layer g, r of a component in layer
 * g is N(0, ρ_g² s²), and outputs are θᵀx + N(0, σ²), with a σ of their own for soft rows. All are
 * shared by the examples and maximise the sum of their marginal likelihoods given the gradients.
 * The weights carry priors at what the gradients alone would say. Variances and weights of all
 * layers are drawn together ({@link LayersPrior}): with one deviation for each, a few dozen outputs
 * left every layer its full residual, to be filled with noise. Chosen on examples of no report.
 *
 * @param layerVariance ρ_g²
 * @param weights kinds × layers: α_kg
 * @param misfit minus the logarithm of likelihood times prior, up to a constant
 */
record GradientPrior(
    double[] layerVariance, double hardNoise, double softNoise, double[][] weights, double misfit) {
  private static final LayersPrior VARIANCES = new LayersPrior(2, 1);

  private static final LayersPrior WEIGHTS = new LayersPrior(.25, .1);

  /** Few outputs cannot tell noise from the residual of the layers, and would do without any. */
  private static final double NOISE_DEVIATION = .4;

  /**
   * By how much the noise to expect exceeds that of outputs alone: the outputs of few rows are
   * quickly explained, and then overrule the gradients. On 8 rows and 16 gradient passes of
   * ResNet-8 (examples of no report) it gained .02 LDS, on hundreds of rows nothing.
   */
  private static final double NOISE_FACTOR = 3;

  /** A search that went on for longer has not been seen. */
  private static final int EVALUATIONS = 60;

  private static final double TOLERANCE = 1e-5;

  /**
   * @param features per pooled example, kind by kind and of every layer: X̃_g z_kg on the pooled
   *     rows
   * @param weightCentres per kind, the weight expected
   * @param near where the search starts; null for the centre
   */
  static GradientPrior of(
      PooledOutputs pooled,
      double[][][] features,
      double[] weightCentres,
      int layers,
      @Nullable GradientPrior near,
      FitContext context) {
    double[] variances = HierarchicalPrior.centre(pooled, layers);
    int kinds = weightCentres.length;
    double[] centre = new double[layers + 2 + kinds * layers];
    System.arraycopy(variances, 0, centre, 0, layers + 1);
    centre[layers] += Math.log(NOISE_FACTOR);
    centre[layers + 1] = centre[layers];
    for (int k = 0; k < kinds; k++) {
      int from = layers + 2 + k * layers;
      Arrays.fill(centre, from, from + layers, weightCentres[k]);
    }
    if (pooled.kernels.isEmpty()) {
      return of(centre, layers, 0);
    }
    DampedScoring.Objective objective =
        (x, gradient, hessian) ->
            objective(pooled, features, x, centre, gradient, hessian, layers, context);
    DampedScoring.Found found =
        DampedScoring.minimise(
            objective, near == null ? centre : near.parameters(), EVALUATIONS, TOLERANCE);
    return of(found.x(), layers, found.value());
  }

  private static GradientPrior of(double[] x, int layers, double misfit) {
    int kinds = (x.length - 2) / layers - 1;
    double[][] weights = new double[kinds][];
    for (int k = 0; k < kinds; k++) {
      int from = layers + 2 + k * layers;
      weights[k] = Arrays.copyOfRange(x, from, from + layers);
    }
    double[] variances = Arrays.stream(x, 0, layers + 2).map(Math::exp).toArray();
    return new GradientPrior(
        Arrays.copyOf(variances, layers),
        variances[layers],
        variances[layers + 1],
        weights,
        misfit);
  }

  private double[] parameters() {
    int layers = layerVariance.length;
    double[] x = Arrays.copyOf(layerVariance, layers + 2 + weights.length * layers);
    x[layers] = hardNoise;
    x[layers + 1] = softNoise;
    for (int i = 0; i < layers + 2; i++) {
      x[i] = Math.log(x[i]);
    }
    for (int k = 0; k < weights.length; k++) {
      System.arraycopy(weights[k], 0, x, layers + 2 + k * layers, layers);
    }
    return x;
  }

  private static double objective(
      PooledOutputs pooled,
      double[][][] features,
      double[] x,
      double[] centre,
      double[] gradient,
      double[] hessian,
      int layers,
      FitContext context) {
    GradientPrior prior = of(x, layers, 0);
    LayerKernels.Noise noise =
        new LayerKernels.Noise(
            new double[] {prior.hardNoise, prior.softNoise},
            pooled.design.hardRows(),
            pooled.design.rows());
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
                          prior.layerVariance,
                          noise,
                          new double[][] {residual(pooled.outputs[p], features[p], prior.weights)},
                          features[p]));
    } catch (ArithmeticException e) {
      return Double.POSITIVE_INFINITY;
    }
    double value = 0;
    double[] variances = Arrays.stream(x, 0, layers + 2).map(Math::exp).toArray();
    double[] byLikelihood = new double[x.length];
    for (int p = 0; p < features.length; p++) {
      LayerKernels.Likelihood one = likelihoods.get(p);
      value -= one.value();
      for (int g = 0; g < layers; g++) {
        byLikelihood[g] -= one.byVariance()[g] * variances[g];
      }
      byLikelihood[layers] -= one.byNoise()[0] * prior.hardNoise;
      byLikelihood[layers + 1] -= one.byNoise()[1] * prior.softNoise;
      for (int i = layers + 2; i < x.length; i++) {
        byLikelihood[i] -= dot(features[p][i - layers - 2], one.weights()[0]);
      }
      LayerKernels.Information information = Objects.requireNonNull(one.information());
      information.addVariances(variances, hessian);
      information.addMeans(layers + 2, hessian);
    }
    value += VARIANCES.penalty(x, centre, 0, layers, gradient, hessian);
    for (int i = layers; i < layers + 2; i++) {
      double standard = (x[i] - centre[i]) / NOISE_DEVIATION;
      value += .5 * standard * standard;
      gradient[i] = standard / NOISE_DEVIATION;
      hessian[i * x.length + i] += 1 / (NOISE_DEVIATION * NOISE_DEVIATION);
    }
    for (int from = layers + 2; from < x.length; from += layers) {
      value += WEIGHTS.penalty(x, centre, from, from + layers, gradient, hessian);
    }
    for (int i = 0; i < x.length; i++) {
      gradient[i] += byLikelihood[i];
      if (i < layers + 2) {
        hessian[i * x.length + i] += DampedScoring.ofLogarithm(byLikelihood[i]);
      }
    }
    return value;
  }

  private static double[] residual(double[] y, double[][] features, double[][] weights) {
    double[] residual = y.clone();
    double[] flat = Arrays.stream(weights).flatMapToDouble(Arrays::stream).toArray();
    for (int i = 0; i < flat.length; i++) {
      for (int row = 0; row < residual.length; row++) {
        residual[row] -= flat[i] * features[i][row];
      }
    }
    return residual;
  }

  private static double dot(double[] a, double[] b) {
    double sum = 0;
    for (int i = 0; i < a.length; i++) {
      sum += a[i] * b[i];
    }
    return sum;
  }
}
