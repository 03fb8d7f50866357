package io.ablate.estimate;

import io.ablate.instrument.OutputFunction;
import io.ablate.mask.MaskMatrix;
import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;

/**
 * A hierarchical ridge for every centred logit of every example, all with the same variances, and
 * the component models that predict with the output's own formula from the predicted logits.
 */
final class LogitWise {
  /**
   * Share of the formula in the prediction. With 54 and 99 masks of ResNet-8 the plain mean was no
   * worse than either alone, or than a weight learnt from rows left out, which came out as 0 and 1.
   */
  private static final double WEIGHT = .5;

  /** Share of the way that {@link #moveTowards} goes; docs/methods.md tells how chosen. */
  private static final double MOVED = .5;

  private final MaskMatrix masks;
  private final OutputFunction function;
  private final HierarchicalFit direct;
  private final LogitEntries[] entries;

  /** Examples × entries × rows, of mean 0, in units of the example's {@link #deviations}. */
  private final double[][][] standardised;

  /** Examples × entries. */
  private final double[][] means;

  /** Per example, the root of the mean variance of its entries: small ones stay small. */
  private final double[] deviations;

  private final HierarchicalPrior prior;

  /** Of the label's logit against the others. */
  private final LayerMeans layerMeans;

  private final double[][][] attributions;
  private final double[][] intercepts;

  LogitWise(TrainingData data, LogitData logits, HierarchicalFit direct, FitContext context) {
    this.masks = data.masks();
    this.function = logits.function();
    this.direct = direct;
    int examples = data.examples();
    entries = new LogitEntries[examples];
    standardised = new double[examples][][];
    means = new double[examples][];
    deviations = new double[examples];
    for (int e = 0; e < examples; e++) {
      entries[e] = LogitEntries.of(logits, e);
      centre(logits, e);
    }
    PooledOutputs pooled = direct.pooled(context);
    double[][][] some = pooledLogits(pooled);
    prior = HierarchicalPrior.of(pooled, some, direct.layers.count(), direct.prior, context);
    double[][] label = new double[some.length][];
    Arrays.setAll(label, p -> along(entries[pooled.examples[p]].labelDirection(), some[p]));
    layerMeans = LayerMeans.of(pooled, label, direct.scaled.scale(), prior, direct.layers, context);
    attributions = new double[examples][][];
    intercepts = new double[examples][];
    Parallel.map(
        "logits",
        examples,
        context,
        e -> {
          solve(e);
          return e;
        });
  }

  private void centre(LogitData logits, int e) {
    int count = entries[e].count();
    double[][] z = new double[count][logits.rows()];
    for (int row = 0; row < logits.rows(); row++) {
      double[] one = entries[e].of(logits.row(e, row), function);
      for (int k = 0; k < count; k++) {
        z[k][row] = one[k];
      }
    }
    standardised[e] = z;
    means[e] = new double[count];
    double squares = 0;
    for (int k = 0; k < count; k++) {
      means[e][k] = PooledOutputs.centre(z[k], 0, z[k].length);
      squares += Arrays.stream(z[k]).map(v -> v * v).sum();
    }
    double deviation = Math.sqrt(squares / Math.max(1, count * logits.rows()));
    deviations[e] = deviation;
    for (double[] entry : z) {
      Arrays.setAll(entry, row -> deviation > 0 ? entry[row] / deviation : 0);
    }
  }

  /** The logits of the examples and rows whose kernels there are. */
  private double[][][] pooledLogits(PooledOutputs pooled) {
    double[][][] some = new double[pooled.examples.length][][];
    for (int p = 0; p < some.length; p++) {
      double[][] all = standardised[pooled.examples[p]];
      some[p] = new double[all.length][];
      for (int k = 0; k < all.length; k++) {
        some[p][k] = Arrays.copyOf(all[k], pooled.design.rows());
        PooledOutputs.centre(some[p][k], 0, some[p][k].length);
      }
    }
    return some;
  }

  /** Σ_k direction_k logits_k, per row. */
  private static double[] along(double[] direction, double[][] logits) {
    double[] sum = new double[logits[0].length];
    for (int k = 0; k < direction.length; k++) {
      for (int row = 0; row < sum.length; row++) {
        sum[row] += direction[k] * logits[k][row];
      }
    }
    return sum;
  }

  private void solve(int e) {
    int n = masks.columns();
    int count = entries[e].count();
    if (direct.deviation[e] == 0) {
      attributions[e] = new double[count][n];
      intercepts[e] = means[e].clone();
      return;
    }
    double[] mean = layerMeans.ofComponents(direct.layers, direct.scaled.scale()[e]);
    double[] predicted = direct.design.times(mean);
    double[] direction = entries[e].labelDirection();
    double[][] residuals = new double[count][masks.rows()];
    for (int k = 0; k < count; k++) {
      double share = direction[k];
      double[] z = standardised[e][k];
      Arrays.setAll(residuals[k], row -> z[row] - share * predicted[row]);
    }
    attributions[e] = direct.posterior.means(direct.variances(prior, e), residuals, prior.noise());
    intercepts[e] = new double[count];
    for (int k = 0; k < count; k++) {
      double share = direction[k];
      double[] theta = attributions[e][k];
      Arrays.setAll(theta, i -> deviations[e] * (theta[i] + share * mean[i]));
      intercepts[e][k] = intercept(e, k);
    }
  }

  /** The intercept that predicts the mean of the logit. */
  private double intercept(int e, int k) {
    return means[e][k] - direct.design.hardMeanTimes(attributions[e][k]);
  }

  /**
   * Moves the logits' models half of the way to where the formula, linearised, has these
   * attributions: along its slopes, which changes the logits least. For attributions that know more
   * than the outputs, such as those of gradients.
   *
   * @param theta examples × n
   */
  void moveTowards(double[][] theta) {
    for (int e = 0; e < entries.length; e++) {
      double[] slope = linearise(e).slopes;
      double square = Arrays.stream(slope).map(v -> v * v).sum();
      if (square == 0) {
        continue;
      }
      double[] step = theta[e].clone();
      for (int k = 0; k < slope.length; k++) {
        for (int i = 0; i < step.length; i++) {
          step[i] -= slope[k] * attributions[e][k][i];
        }
      }
      for (int k = 0; k < slope.length; k++) {
        double share = MOVED * slope[k] / square;
        double[] moved = attributions[e][k];
        Arrays.setAll(moved, i -> moved[i] + share * step[i]);
        intercepts[e][k] = intercept(e, k);
      }
    }
  }

  /**
   * The models: their linear part is the mean of these attributions and the formula's.
   *
   * @param theta examples × n: attributions of the output itself
   * @param found diagnostics of these
   */
  ComponentModels models(String name, double[][] theta, Map<String, Object> found) {
    int examples = entries.length;
    double[][] slopes = new double[examples][];
    double[] offsets = new double[examples];
    double[][] mixed = new double[examples][];
    double[] constants = new double[examples];
    for (int e = 0; e < examples; e++) {
      Linearised linearised = linearise(e);
      slopes[e] = linearised.slopes;
      offsets[e] = linearised.offset;
      mixed[e] = theta[e].clone();
      for (int i = 0; i < mixed[e].length; i++) {
        mixed[e][i] *= 1 - WEIGHT;
        for (int k = 0; k < slopes[e].length; k++) {
          mixed[e][i] += WEIGHT * slopes[e][k] * attributions[e][k][i];
        }
      }
      constants[e] = direct.intercept(e, mixed[e]);
    }
    Map<String, Object> diagnostics = new TreeMap<>(found);
    diagnostics.put("weight_of_logits", WEIGHT);
    diagnostics.put("logits_layer_mean", layerMeans.ofLayer());
    diagnostics.put("logits_layer_variance", prior.layerVariance());
    diagnostics.put("logits_noise_variance", prior.noise());
    return ComponentModels.nonlinear(
        name,
        mixed,
        constants,
        new LogitPart(function, WEIGHT, entries, attributions, intercepts, slopes, offsets),
        diagnostics);
  }

  /**
   * The formula near the training masks: offset + Σ_k slope_k z_k.
   *
   * @param slopes its mean gradient there
   * @param offset such that the mean is the formula's
   */
  private record Linearised(double[] slopes, double offset) {}

  private Linearised linearise(int e) {
    int count = entries[e].count();
    double[][] logits = LinearPredictions.of(masks, attributions[e], intercepts[e]);
    double[] slopes = new double[count];
    double[] z = new double[count];
    double offset = 0;
    for (int row = 0; row < masks.rows(); row++) {
      for (int k = 0; k < count; k++) {
        z[k] = logits[k][row];
      }
      double[] gradient = function.gradient(z, entries[e].label());
      for (int k = 0; k < count; k++) {
        slopes[k] += gradient[k] / masks.rows();
      }
      offset += function.of(z, entries[e].label()) / masks.rows();
    }
    // The logits' means are predicted exactly, so the correction has mean 0 on these masks.
    for (int k = 0; k < count; k++) {
      offset -= slopes[k] * means[e][k];
    }
    return new Linearised(slopes, offset);
  }
}
