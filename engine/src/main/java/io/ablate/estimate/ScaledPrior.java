package io.ablate.estimate;

import java.util.Arrays;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The prior of the hierarchical ridge with the power of the activation scale under which the
 * outputs are likeliest. Few rows tell the powers apart; the variances for the power chosen are
 * then learnt from more, starting from those of the few.
 *
 * @param power of the activation scale; 0 where none was collected
 * @param scale examples × n
 * @param rows how many rows the variances were learnt from
 * @param examples how many examples
 */
record ScaledPrior(
    double power, double[][] scale, HierarchicalPrior prior, int rows, int examples) {
  /** Powers of the activation scale; in narrow networks the effects grow faster than it. */
  static final double[] POWERS = {1, 1.5, 2};

  /** Outputs from which the hyper-parameters are learnt; more gained less than .003 LDS. */
  private static final int OUTPUTS = 4000;

  /** Rows by which powers are compared: the cost of one comparison grows with their cube. */
  static final int COMPARED_ROWS = 160;

  /** The prior of one power, the outputs it was learnt from, and what it leaves unexplained. */
  private record Candidate(
      double power,
      double[][] scale,
      HierarchicalPrior prior,
      int rows,
      int examples,
      double misfit) {}

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
    Candidate best = null;
    for (double power : stored == null ? new double[] {0} : POWERS) {
      double[][] scale = new double[data.examples()][];
      Arrays.setAll(
          scale,
          e -> layers.relativeScale(stored == null ? null : stored[e], data.columns(), power));
      Candidate next = learn(power, scale, null, design, standardised, layers, context);
      if (best == null || next.misfit < best.misfit) {
        best = next;
      }
    }
    Candidate chosen = Objects.requireNonNull(best);
    if (chosen.rows < Math.min(design.rows(), PooledOutputs.MOST_ROWS)) {
      chosen =
          learn(chosen.power, chosen.scale, chosen.prior, design, standardised, layers, context);
    }
    return new ScaledPrior(chosen.power, chosen.scale, chosen.prior, chosen.rows, chosen.examples);
  }

  /**
   * @param few the prior of few rows, from which to learn that of more; null to learn from few
   */
  private static Candidate learn(
      double power,
      double[][] scale,
      @Nullable HierarchicalPrior few,
      Design design,
      double[][] standardised,
      Layers layers,
      FitContext context) {
    int most = few == null ? COMPARED_ROWS : PooledOutputs.MOST_ROWS;
    PooledOutputs pooled =
        PooledOutputs.of(design, standardised, scale, layers, OUTPUTS, most, context);
    HierarchicalPrior prior = HierarchicalPrior.of(pooled, layers.count(), few, context);
    return new Candidate(
        power,
        scale,
        prior,
        pooled.design.rows(),
        pooled.examples.length,
        prior.misfit(pooled, context));
  }

  /** The kernels of this power, made anew: they are large, and few need them twice. */
  PooledOutputs pooled(Design design, double[][] standardised, Layers layers, FitContext context) {
    return PooledOutputs.of(design, standardised, scale, layers, OUTPUTS, context);
  }
}
