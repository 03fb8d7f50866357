package io.ablate.estimate;

import java.util.Arrays;

/**
 * The prior of the hierarchical ridge on standardised outputs, with the power of the activation
 * scale that {@link ScalePower} chose for it.
 *
 * @param power of the activation scale; 0 where none was collected
 * @param scale examples × n
 * @param mean examples × n: of every component; 0 where the outputs are constant
 * @param layerMean of every layer, per unit of scale: {@link LayerMeans}
 * @param rows how many rows the variances were learnt from
 * @param examples how many examples
 */
record ScaledPrior(
    double power,
    double[][] scale,
    HierarchicalPrior prior,
    double[][] mean,
    double[] layerMean,
    int rows,
    int examples) {
  /** Outputs from which the hyper-parameters are learnt; more gained less than .003 LDS. */
  private static final int OUTPUTS = 4000;

  /** What is learnt for one power. */
  private record Moments(HierarchicalPrior variances, LayerMeans means) {}

  /**
   * @param standardised outputs, examples × rows
   */
  static ScaledPrior of(
      TrainingData data,
      Design design,
      double[][] standardised,
      Layers layers,
      FitContext context) {
    return context
        .shared()
        .get(
            ScaledPrior.class,
            () -> learn(data, design, standardised, layers, context),
            design.hard(),
            design.soft(),
            standardised,
            data.layerOfColumn(),
            data.activationScale());
  }

  private static ScaledPrior learn(
      TrainingData data,
      Design design,
      double[][] standardised,
      Layers layers,
      FitContext context) {
    ScalePower.Learnt<Moments> learnt =
        ScalePower.choose(
            data,
            design.rows(),
            (e, stored, power) -> layers.relativeScale(stored, data.columns(), power),
            (power, scale, most, near) -> {
              PooledOutputs pooled =
                  PooledOutputs.of(design, standardised, scale, layers, OUTPUTS, most, context);
              HierarchicalPrior prior =
                  HierarchicalPrior.of(
                      pooled, layers.count(), near == null ? null : near.variances, context);
              LayerMeans means = LayerMeans.of(pooled, scale, prior, layers, context);
              return new ScalePower.Learnt<>(
                  power,
                  scale,
                  new Moments(prior, means),
                  pooled.design.rows(),
                  pooled.examples.length,
                  prior.misfit(pooled, context));
            });
    LayerMeans means = learnt.prior().means;
    double[][] mean = new double[standardised.length][];
    Arrays.setAll(
        mean,
        e ->
            constant(standardised[e])
                ? new double[data.columns()]
                : means.ofComponents(layers, learnt.scale()[e]));
    return new ScaledPrior(
        learnt.power(),
        learnt.scale(),
        learnt.prior().variances,
        mean,
        means.ofLayer(),
        learnt.rows(),
        learnt.examples());
  }

  private static boolean constant(double[] standardised) {
    return Arrays.stream(standardised).allMatch(v -> v == 0);
  }

  /** The outputs less what the prior means predict, examples × rows. */
  double[][] residuals(Design design, double[][] standardised) {
    double[][] residuals = new double[standardised.length][];
    Arrays.setAll(
        residuals,
        e -> {
          double[] predicted = design.times(mean[e]);
          Arrays.setAll(predicted, row -> standardised[e][row] - predicted[row]);
          return predicted;
        });
    return residuals;
  }

  /** The kernels of this power, made anew: they are large, and few need them twice. */
  PooledOutputs pooled(Design design, double[][] outputs, Layers layers, FitContext context) {
    return PooledOutputs.of(design, outputs, scale, layers, OUTPUTS, context);
  }
}
