package io.ablate.estimate;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The prior of the hierarchical ridge with the power of the activation scale under which the
 * outputs are likeliest. The kernels behind it are not kept: one power's are in memory at a time.
 *
 * @param power of the activation scale; 0 where none was collected
 * @param scale examples × n
 * @param rows how many rows the variances were learnt from
 * @param examples how many examples
 * @param misfit what is minimised over powers and variances
 */
record ScaledPrior(
    double power,
    double[][] scale,
    HierarchicalPrior prior,
    int rows,
    int examples,
    double misfit) {
  /** Powers of the activation scale; in narrow networks the effects grow faster than it. */
  private static final double[] POWERS = {1, 1.5, 2};

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
    double[][] stored = data.activationScale();
    ScaledPrior best =
        of(stored == null ? 0 : POWERS[0], data, design, standardised, layers, context);
    for (int p = 1; p < POWERS.length && stored != null; p++) {
      ScaledPrior next = of(POWERS[p], data, design, standardised, layers, context);
      if (next.misfit < best.misfit) {
        best = next;
      }
    }
    return best;
  }

  private static ScaledPrior of(
      double power,
      TrainingData data,
      Design design,
      double[][] standardised,
      Layers layers,
      FitContext context) {
    double @Nullable [][] stored = data.activationScale();
    double[][] scale = new double[data.examples()][];
    Arrays.setAll(
        scale, e -> layers.relativeScale(stored == null ? null : stored[e], data.columns(), power));
    PooledOutputs pooled = PooledOutputs.of(design, standardised, scale, layers, OUTPUTS, context);
    HierarchicalPrior prior = HierarchicalPrior.of(pooled, layers.count(), context);
    return new ScaledPrior(
        power,
        scale,
        prior,
        pooled.design.rows(),
        pooled.examples.length,
        prior.misfit(pooled, context));
  }
}
