package io.ablate.estimate;

import java.util.Arrays;
import java.util.List;

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

  private static final int ITERATIONS = 60;
  private static final double TOLERANCE = 1e-5;

  /**
   * @param features per pooled example, kind and layer: X̃_g z_kg on the pooled rows
   * @param weightCentres per kind, the weight expected
   */
  static GradientPrior of(
      PooledOutputs pooled,
      double[][][][] features,
      double[] weightCentres,
      int layers,
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
    QuasiNewton.Objective objective =
        (x, gradient) -> objective(pooled, features, x, centre, gradient, layers, context);
    double[] found = QuasiNewton.minimise(objective, centre, ITERATIONS, TOLERANCE);
    return of(found, layers, objective.value(found, new double[found.length]));
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

  private static double objective(
      PooledOutputs pooled,
      double[][][][] features,
      double[] x,
      double[] centre,
      double[] gradient,
      int layers,
      FitContext context) {
    GradientPrior prior = of(x, layers, 0);
    double[] noise = new double[pooled.design.rows()];
    int hard = pooled.design.hardRows();
    Arrays.fill(noise, 0, hard, prior.hardNoise);
    Arrays.fill(noise, hard, noise.length, prior.softNoise);
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
                          residual(pooled.outputs[p], features[p], prior.weights)));
    } catch (ArithmeticException e) {
      return Double.POSITIVE_INFINITY;
    }
    double value = VARIANCES.penalty(x, centre, 0, layers, gradient);
    for (int i = layers; i < layers + 2; i++) {
      double standard = (x[i] - centre[i]) / NOISE_DEVIATION;
      value += .5 * standard * standard;
      gradient[i] = standard / NOISE_DEVIATION;
    }
    for (int from = layers + 2; from < x.length; from += layers) {
      value += WEIGHTS.penalty(x, centre, from, from + layers, gradient);
    }
    for (int p = 0; p < features.length; p++) {
      LayerKernels.Likelihood one = likelihoods.get(p);
      value -= one.value();
      for (int g = 0; g < layers; g++) {
        gradient[g] -= one.byVariance()[g] * prior.layerVariance[g];
      }
      double[] byNoise = one.byNoise();
      gradient[layers] -= Arrays.stream(byNoise, 0, hard).sum() * prior.hardNoise;
      gradient[layers + 1] -= Arrays.stream(byNoise, hard, byNoise.length).sum() * prior.softNoise;
      for (int k = 0; k < prior.weights.length; k++) {
        for (int g = 0; g < layers; g++) {
          gradient[layers + 2 + k * layers + g] -= dot(features[p][k][g], one.weights()[0]);
        }
      }
    }
    return value;
  }

  private static double[] residual(double[] y, double[][][] features, double[][] weights) {
    double[] residual = y.clone();
    for (int k = 0; k < weights.length; k++) {
      for (int g = 0; g < weights[k].length; g++) {
        for (int row = 0; row < residual.length; row++) {
          residual[row] -= weights[k][g] * features[k][g][row];
        }
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
