package io.ablate.estimate;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Ridge regression whose prior knows the layers and how much every component says: y = c + X̃
 * diag(s) w + ε with w of layer g ~ N(0, τ_g² I), s a power of the activation scale relative to the
 * layer's mean (1 where none was collected). One set of τ_g and σ, and the power, for all examples
 * maximise the sum of their marginal likelihoods. Standard errors are those of the posterior.
 *
 * <p>Choose it over ridge wherever components fall into layers: with few rows it needs a half to a
 * fifth of the passes. Counts one more pass than rows, for the activation scale. Cost: a few
 * seconds for the hyper-parameters, then min(m, n)³/3 + m·n·min(m, n) per example.
 */
public final class HierarchicalEstimator implements Estimator {
  /** The name of this method. */
  public static final String NAME = "hierarchical";

  private static final float[][] NO_SOFT_ROWS = {};

  /** Floating-point operations beyond which the standard errors, the dearest part, are left out. */
  private static final double MOST_WORK = 4e11;

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public Optional<Spending> spending(double budget, Costs costs) {
    return Spending.rowsOnly(budget, costs.activationScale(), costs);
  }

  @Override
  public ComponentModels fit(TrainingData data, FitContext context) {
    CentredOutputs y = CentredOutputs.of(data);
    int examples = data.examples();
    int n = data.columns();
    double[][] standardised = new double[examples][];
    double[] deviation = new double[examples];
    for (int e = 0; e < examples; e++) {
      standardised[e] = y.example(e);
      deviation[e] = standardise(standardised[e]);
    }
    Layers layers = new Layers(data.layerOfColumn());
    Design design = new Design(context.algebra(), data.masks(), NO_SOFT_ROWS);
    ScaledPrior scaled = ScaledPrior.of(data, design, standardised, layers, context);
    double[][] scale = scaled.scale();
    HierarchicalPrior prior = scaled.prior();
    GaussianPosterior posterior = new GaussianPosterior(design);
    boolean withErrors = posterior.work() * examples <= MOST_WORK;
    double[][] errors = new double[examples][n];
    List<double[]> theta =
        Parallel.map(
            "solve",
            examples,
            context,
            e -> {
              if (deviation[e] == 0) {
                return new double[n];
              }
              GaussianPosterior.Coefficients found =
                  posterior.solve(
                      prior.variances(layers, scale[e]),
                      standardised[e],
                      prior.noise(),
                      prior.noise(),
                      withErrors);
              double[] mean = found.mean();
              double[] variance = found.variance();
              Arrays.setAll(mean, i -> mean[i] * deviation[e]);
              if (variance != null) {
                Arrays.setAll(errors[e], i -> Math.sqrt(variance[i]) * deviation[e]);
              }
              return mean;
            });
    double[] intercepts = new double[examples];
    Arrays.setAll(intercepts, e -> y.means()[e] - design.hardMeanTimes(theta.get(e)));
    return new ComponentModels(
        NAME,
        theta.toArray(double[][]::new),
        intercepts,
        withErrors ? errors : null,
        Map.of(
            "layer_variance", prior.layerVariance(),
            "noise_variance", prior.noise(),
            "hyper_parameter_rows", scaled.rows(),
            "hyper_parameter_examples", scaled.examples(),
            "activation_scale_power", scaled.power()));
  }

  /** Divides by the standard deviation, which is returned; leaves zeros alone. */
  static double standardise(double[] centred) {
    double sum = 0;
    for (double value : centred) {
      sum += value * value;
    }
    double deviation = Math.sqrt(sum / Math.max(1, centred.length));
    if (deviation > 0) {
      for (int i = 0; i < centred.length; i++) {
        centred[i] /= deviation;
      }
    }
    return deviation;
  }
}
