package io.ablate.estimate;

import java.util.ArrayList;
import java.util.List;

/**
 * The prior of gradients and outputs, with the power of the activation scale that {@link
 * ScalePower} chose for it.
 *
 * @param power of the activation scale; 0 where none was collected
 * @param scale examples × n: of what the gradients leave unexplained
 */
record ScaledGradientPrior(double power, double[][] scale, GradientPrior prior) {
  /** Outputs from which the hyper-parameters are learnt; more gained less than .003 LDS. */
  private static final int OUTPUTS = 2500;

  /** What to expect of the weights: mean gradient, integral's correction, unablated gradient. */
  private static final double[] WEIGHTS = {1, 1, 0};

  /**
   * @param standardised outputs, examples × rows
   * @param statistics of the gradients: examples × kinds × n, in units of the outputs
   * @param evidence whose mean joins the activation scale
   */
  static ScaledGradientPrior of(
      TrainingData data,
      Design design,
      double[][] standardised,
      double[][][] statistics,
      GradientEvidence evidence,
      Layers layers,
      FitContext context) {
    return context
        .shared()
        .get(
            ScaledGradientPrior.class,
            () -> learn(data, design, standardised, statistics, evidence, layers, context),
            design.hard(),
            design.soft(),
            standardised,
            statistics,
            evidence.mean(),
            data.layerOfColumn(),
            data.activationScale());
  }

  private static ScaledGradientPrior learn(
      TrainingData data,
      Design design,
      double[][] standardised,
      double[][][] statistics,
      GradientEvidence evidence,
      Layers layers,
      FitContext context) {
    ScalePower.Learnt<GradientPrior> learnt =
        ScalePower.choose(
            data,
            design.rows(),
            (e, stored, power) ->
                layers.blend(
                    layers.relativeScale(stored, data.columns(), power), evidence.mean()[e]),
            (power, scale, most, near) -> {
              PooledOutputs pooled =
                  PooledOutputs.of(design, standardised, scale, layers, OUTPUTS, most, context);
              GradientPrior prior =
                  GradientPrior.of(
                      pooled,
                      features(pooled, statistics, layers),
                      WEIGHTS,
                      layers.count(),
                      near,
                      context);
              return new ScalePower.Learnt<>(
                  power,
                  scale,
                  prior,
                  pooled.design.rows(),
                  pooled.examples.length,
                  prior.misfit());
            });
    return new ScaledGradientPrior(learnt.power(), learnt.scale(), learnt.prior());
  }

  /** Per pooled example, kind by kind and of every layer: what gradients say of the outputs. */
  private static double[][][] features(
      PooledOutputs pooled, double[][][] statistics, Layers layers) {
    List<double[][]> features = new ArrayList<>();
    for (int example : pooled.examples) {
      List<double[]> ofExample = new ArrayList<>();
      for (double[] kind : statistics[example]) {
        for (int g = 0; g < layers.count(); g++) {
          double[] only = new double[kind.length];
          for (int i : layers.columns(g)) {
            only[i] = kind[i];
          }
          ofExample.add(pooled.design.times(only));
        }
      }
      features.add(ofExample.toArray(double[][]::new));
    }
    return features.toArray(double[][][]::new);
  }
}
