package io.ablate.estimate;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The prior of gradients and outputs with the power of the activation scale under which the outputs
 * are likeliest, as {@link ScaledPrior} chooses it for outputs alone: by few rows, which tell the
 * powers apart; the hyper-parameters for the power chosen are then learnt from more.
 *
 * @param power of the activation scale; 0 where none was collected
 * @param scale examples × n: of what the gradients leave unexplained
 */
record ScaledGradientPrior(double power, double[][] scale, GradientPrior prior) {
  /** Outputs from which the hyper-parameters are learnt; more gained less than .003 LDS. */
  private static final int OUTPUTS = 2500;

  /** Where a mean weight of the gradients starts: mean, integral's correction, unablated. */
  private static final double[] WEIGHTS = {1, 1, 0};

  /** The hyper-parameters of one power, and by how many rows they were learnt. */
  private record Candidate(ScaledGradientPrior prior, int rows) {}

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
    double[][] stored = data.activationScale();
    Candidate best = null;
    for (double power : stored == null ? new double[] {0} : ScaledPrior.POWERS) {
      double[][] scale = new double[data.examples()][];
      Arrays.setAll(
          scale,
          e ->
              layers.blend(
                  layers.relativeScale(stored == null ? null : stored[e], data.columns(), power),
                  evidence.mean()[e]));
      Candidate next =
          learn(
              power,
              scale,
              ScaledPrior.COMPARED_ROWS,
              design,
              standardised,
              statistics,
              layers,
              context);
      if (isBetter(next, best)) {
        best = next;
      }
    }
    Candidate chosen = Objects.requireNonNull(best);
    if (chosen.rows < Math.min(design.rows(), PooledOutputs.MOST_ROWS)) {
      chosen =
          learn(
              chosen.prior.power,
              chosen.prior.scale,
              PooledOutputs.MOST_ROWS,
              design,
              standardised,
              statistics,
              layers,
              context);
    }
    return chosen.prior;
  }

  private static boolean isBetter(Candidate next, @Nullable Candidate best) {
    return best == null || next.prior.prior.misfit() < best.prior.prior.misfit();
  }

  private static Candidate learn(
      double power,
      double[][] scale,
      int mostRows,
      Design design,
      double[][] standardised,
      double[][][] statistics,
      Layers layers,
      FitContext context) {
    PooledOutputs pooled =
        PooledOutputs.of(design, standardised, scale, layers, OUTPUTS, mostRows, context);
    GradientPrior prior =
        GradientPrior.of(
            pooled, features(pooled, statistics, layers), WEIGHTS, layers.count(), context);
    return new Candidate(new ScaledGradientPrior(power, scale, prior), pooled.design.rows());
  }

  /** Per pooled example, kind and layer: what the gradients say of the outputs. */
  private static double[][][][] features(
      PooledOutputs pooled, double[][][] statistics, Layers layers) {
    List<double[][][]> features = new ArrayList<>();
    for (int example : pooled.examples) {
      double[][][] perKind = new double[statistics[example].length][layers.count()][];
      for (int k = 0; k < perKind.length; k++) {
        for (int g = 0; g < layers.count(); g++) {
          double[] only = new double[statistics[example][k].length];
          for (int i : layers.columns(g)) {
            only[i] = statistics[example][k][i];
          }
          perKind[k][g] = pooled.design.times(only);
        }
      }
      features.add(perKind);
    }
    return features.toArray(double[][][][]::new);
  }
}
