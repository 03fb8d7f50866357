package io.ablate.estimate;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The hierarchical ridge of all examples with what it was made of, for the methods that build on
 * it. See {@link HierarchicalEstimator}.
 */
final class HierarchicalFit {
  private static final float[][] NO_SOFT_ROWS = {};

  /** Floating-point operations beyond which the standard errors, the dearest part, are left out. */
  private static final double MOST_WORK = 1e11;

  final CentredOutputs y;
  final Layers layers;

  final ScaledPrior scaled;

  final Design design;

  /** Per example, centred outputs divided by {@link #deviation}. */
  final double[][] standardised;

  /** Per example, {@link #standardised} less what the prior means predict. */
  final double[][] residuals;

  /** Per example; 0 where the outputs are constant. */
  final double[] deviation;

  final HierarchicalPrior prior;
  final GaussianPosterior posterior;

  /** Per example, in units of its output. */
  final double[][] theta;

  /** The posterior's, as {@link #theta}; null where not asked for, or too dear. */
  private final double @Nullable [][] standardErrors;

  /**
   * @param standardErrors whether anyone will read them: they cost more than all else
   */
  HierarchicalFit(TrainingData data, boolean standardErrors, FitContext context) {
    int examples = data.examples();
    int n = data.columns();
    y = CentredOutputs.of(data);
    standardised = new double[examples][];
    deviation = new double[examples];
    for (int e = 0; e < examples; e++) {
      standardised[e] = y.example(e);
      deviation[e] = standardise(standardised[e]);
    }
    layers = new Layers(data.layerOfColumn());
    design = new Design(context.algebra(), data.masks(), NO_SOFT_ROWS);
    scaled = ScaledPrior.of(data, design, standardised, layers, context);
    prior = scaled.prior();
    residuals = scaled.residuals(design, standardised);
    posterior = new GaussianPosterior(design);
    boolean withErrors = standardErrors && posterior.work() * examples <= MOST_WORK;
    double[][] errors = new double[examples][n];
    List<double[]> solved =
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
                      variances(prior, e), residuals[e], prior.noise(), prior.noise(), withErrors);
              double[] variance = found.variance();
              if (variance != null) {
                Arrays.setAll(errors[e], i -> Math.sqrt(variance[i]) * deviation[e]);
              }
              return withMean(e, found.mean());
            });
    theta = solved.toArray(double[][]::new);
    this.standardErrors = withErrors ? errors : null;
  }

  /** Attributions in units of the output: the prior means and what the residuals add to them. */
  double[] withMean(int example, double[] found) {
    double[] attributions = new double[found.length];
    double[] mean = scaled.mean()[example];
    Arrays.setAll(attributions, i -> deviation[example] * (mean[i] + found[i]));
    return attributions;
  }

  /** Prior variance of every component's attribution on one example. */
  double[] variances(HierarchicalPrior of, int example) {
    return of.variances(layers, scaled.scale()[example]);
  }

  /** The kernels behind the prior, made anew. */
  PooledOutputs pooled(FitContext context) {
    return scaled.pooled(design, residuals, layers, context);
  }

  /** The intercept that makes attributions predict the mean output for the mean mask. */
  double intercept(int example, double[] attributions) {
    return y.means()[example] - design.hardMeanTimes(attributions);
  }

  ComponentModels models() {
    double[] intercepts = new double[theta.length];
    Arrays.setAll(intercepts, e -> intercept(e, theta[e]));
    return new ComponentModels(
        HierarchicalEstimator.NAME, theta, intercepts, standardErrors, diagnostics());
  }

  Map<String, Object> diagnostics() {
    return Map.of(
        "layer_mean", scaled.layerMean().clone(),
        "layer_variance", prior.layerVariance().clone(),
        "noise_variance", prior.noise(),
        "hyper_parameter_rows", scaled.rows(),
        "hyper_parameter_examples", scaled.examples(),
        "activation_scale_power", scaled.power());
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
