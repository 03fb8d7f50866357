package io.ablate.estimate;

/**
 * The prior of the hierarchical ridge, with the power of the activation scale that {@link
 * ScalePower} chose for it.
 *
 * @param power of the activation scale; 0 where none was collected
 * @param scale examples × n
 * @param rows how many rows the variances were learnt from
 * @param examples how many examples
 */
record ScaledPrior(
    double power, double[][] scale, HierarchicalPrior prior, int rows, int examples) {
  /** Outputs from which the hyper-parameters are learnt; more gained less than .003 LDS. */
  private static final int OUTPUTS = 4000;

  /**
   * @param standardised outputs, examples × rows
   */
  static ScaledPrior of(
      TrainingData data,
      Design design,
      double[][] standardised,
      Layers layers,
      FitContext context) {
    ScalePower.Learnt<HierarchicalPrior> learnt =
        ScalePower.choose(
            data,
            design.rows(),
            (e, stored, power) -> layers.relativeScale(stored, data.columns(), power),
            (power, scale, most, few) -> {
              PooledOutputs pooled =
                  PooledOutputs.of(design, standardised, scale, layers, OUTPUTS, most, context);
              HierarchicalPrior prior = HierarchicalPrior.of(pooled, layers.count(), few, context);
              return new ScalePower.Learnt<>(
                  power,
                  scale,
                  prior,
                  pooled.design.rows(),
                  pooled.examples.length,
                  prior.misfit(pooled, context));
            });
    return new ScaledPrior(
        learnt.power(), learnt.scale(), learnt.prior(), learnt.rows(), learnt.examples());
  }

  /** The kernels of this power, made anew: they are large, and few need them twice. */
  PooledOutputs pooled(Design design, double[][] standardised, Layers layers, FitContext context) {
    return PooledOutputs.of(design, standardised, scale, layers, OUTPUTS, context);
  }
}
