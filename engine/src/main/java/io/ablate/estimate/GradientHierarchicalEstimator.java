package io.ablate.estimate;

import java.util.Arrays;
import java.util.Map;
import java.util.Optional;

/**
 * Gradients and outputs in one linear model: the mean gradient, its correction towards the integral
 * and the unablated gradient each speak for θ with a weight per layer; what they leave has the
 * prior of the hierarchical ridge; the outputs of ordinary rows and of the gradient passes
 * themselves decide. One set of hyper-parameters for all examples; see {@link GradientPrior}.
 *
 * <p>Gives the posterior standard deviation of every attribution, unless there are so many rows and
 * components that it would take minutes. Needs gradient passes; works without ordinary rows,
 * unablated gradient and activation scale.
 */
public final class GradientHierarchicalEstimator implements Estimator {
  /** The name of this method. */
  public static final String NAME = "gradient-hierarchical";

  /** Outputs by which the gradients' guess of an example's spread counts beside the observed. */
  private static final double GUESS = 4;

  /** Floating-point operations beyond which the standard errors, the dearest part, are left out. */
  private static final double MOST_WORK = 4e11;

  @Override
  public String name() {
    return NAME;
  }

  /**
   * Small budgets on gradient passes alone, of larger ones a sinking share: .7 of the budget plus
   * n/30, or, if that is less, .45 plus n/5. The rest on rows, whose outputs mend what the
   * derivative misses. What the rule was chosen on, and what it gives: docs/mask-gradients.md.
   */
  @Override
  public Optional<Spending> spending(double budget, Costs costs) {
    double fixed =
        (costs.unablated() ? costs.gradientPass() : 0) + (costs.activationScale() ? 1 : 0);
    double left = budget - fixed;
    double n = costs.components();
    double share = Math.min(.7 * budget + n / 30, .45 * budget + n / 5);
    int passes = costs.affordable(Math.min(left, share));
    if (passes == 0) {
      passes = costs.affordable(left);
    }
    if (passes == 0) {
      return Optional.empty();
    }
    int rows =
        (int) Math.min(costs.rows(), Math.floor(left - passes * costs.gradientPass() + 1e-9));
    if (rows == costs.rows()) {
      passes = costs.affordable(left - rows);
    }
    return Optional.of(
        Spending.of(rows, passes, costs.unablated(), costs.activationScale(), costs));
  }

  @Override
  public boolean usesGradients() {
    return true;
  }

  @Override
  public ComponentModels fit(TrainingData data, FitContext context) {
    GradientData gradients = GradientInputs.require(data, NAME);
    int examples = data.examples();
    int n = data.columns();
    Layers layers = new Layers(data.layerOfColumn());
    GradientEvidence evidence = GradientEvidence.of(gradients, examples, layers);
    JoinedRows rows = JoinedRows.of(data, gradients, context.algebra());
    double[] spread = new double[examples];
    double[][] standardised = new double[examples][];
    for (int e = 0; e < examples; e++) {
      spread[e] = spread(rows.centred()[e], evidence.integral(e), rows.design());
      standardised[e] = rows.centred()[e].clone();
      for (int row = 0; row < standardised[e].length; row++) {
        standardised[e][row] /= spread[e];
      }
    }
    double[][][] statistics = statistics(gradients, evidence, layers, spread);
    ScaledGradientPrior scaled =
        ScaledGradientPrior.of(
            data, rows.design(), standardised, statistics, evidence, layers, context);
    GradientPrior prior = scaled.prior();
    GaussianPosterior posterior = new GaussianPosterior(rows.design());
    HierarchicalPrior residual = new HierarchicalPrior(prior.layerVariance(), prior.hardNoise());
    double[][] theta = new double[examples][n];
    double[][] errors = new double[examples][n];
    double[] intercepts = new double[examples];
    boolean withErrors = posterior.work() * examples <= MOST_WORK;
    Parallel.map(
        "solve",
        examples,
        context,
        e -> {
          double[] mean = combine(statistics[e], prior.weights(), layers);
          double[] left = standardised[e].clone();
          double[] predicted = rows.design().times(mean);
          for (int row = 0; row < left.length; row++) {
            left[row] -= predicted[row];
          }
          GaussianPosterior.Coefficients found =
              posterior.solve(
                  residual.variances(layers, scaled.scale()[e]),
                  left,
                  prior.hardNoise(),
                  prior.softNoise(),
                  withErrors);
          double[] variance = found.variance();
          for (int i = 0; i < n; i++) {
            theta[e][i] = spread[e] * (mean[i] + found.mean()[i]);
            errors[e][i] = variance == null ? 0 : spread[e] * Math.sqrt(variance[i]);
          }
          intercepts[e] = rows.intercept(e, theta[e]);
          return e;
        });
    return new ComponentModels(
        NAME,
        theta,
        intercepts,
        withErrors ? errors : null,
        Map.of(
            "gradient_passes", gradients.passes(),
            "weight_of_mean_gradient", prior.weights()[0].clone(),
            "weight_of_integral", prior.weights()[1].clone(),
            "weight_of_unablated_gradient", prior.weights()[2].clone(),
            "reliability_of_layer", evidence.reliability(),
            "power_of_activation_scale", scaled.power(),
            "layer_variance", prior.layerVariance().clone(),
            "noise_variance", prior.hardNoise(),
            "soft_noise_variance", prior.softNoise()));
  }

  /** An example's standard deviation of the outputs; what the gradients predict steadies few. */
  private static double spread(double[] centred, double[] theta, Design design) {
    double[] predicted = design.times(theta);
    double observed = 0;
    double guess = 0;
    for (int row = 0; row < centred.length; row++) {
      observed += centred[row] * centred[row];
      guess += predicted[row] * predicted[row];
    }
    int rows = centred.length;
    if (rows < 2 || guess == 0 || observed == 0) {
      double squares = Arrays.stream(theta).map(value -> value * value).sum();
      guess = .09 * squares * Math.max(1, rows);
    }
    double variance = (observed + GUESS * guess / Math.max(1, rows)) / (rows + GUESS);
    return variance > 0 ? Math.sqrt(variance) : 1;
  }

  /** Per example and kind, n values in units of the example's spread. */
  private static double[][][] statistics(
      GradientData gradients, GradientEvidence evidence, Layers layers, double[] spread) {
    double[][] unablated = gradients.unablated();
    double[][][] statistics = new double[spread.length][3][];
    for (int e = 0; e < spread.length; e++) {
      int example = e;
      double[] mean = evidence.mean()[e];
      statistics[e][0] = Arrays.stream(mean).map(value -> value / spread[example]).toArray();
      statistics[e][1] =
          Arrays.stream(evidence.correction()[e]).map(value -> value / spread[example]).toArray();
      statistics[e][2] = new double[mean.length];
      if (unablated != null) {
        for (int g = 0; g < layers.count(); g++) {
          double norm = norm(mean, layers.columns(g));
          double other = norm(unablated[e], layers.columns(g));
          for (int i : layers.columns(g)) {
            statistics[e][2][i] = other > 0 ? unablated[e][i] * norm / other / spread[e] : 0;
          }
        }
      }
    }
    return statistics;
  }

  private static double norm(double[] values, int[] columns) {
    double sum = 0;
    for (int i : columns) {
      sum += values[i] * values[i];
    }
    return Math.sqrt(sum);
  }

  private static double[] combine(double[][] statistics, double[][] weights, Layers layers) {
    double[] mean = new double[statistics[0].length];
    for (int k = 0; k < weights.length; k++) {
      for (int g = 0; g < layers.count(); g++) {
        for (int i : layers.columns(g)) {
          mean[i] += weights[k][g] * statistics[k][i];
        }
      }
    }
    return mean;
  }
}
