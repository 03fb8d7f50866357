package io.ablate.estimate;

import java.util.Arrays;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Chooses the power of the activation scale under which the outputs are likeliest. Few rows tell
 * the powers apart; the hyper-parameters for the power chosen are then learnt from more.
 */
final class ScalePower {
  /** In narrow networks the effects grow faster than the scale. */
  private static final double[] POWERS = {1, 1.5, 2};

  /** Rows by which powers are compared: the cost of one comparison grows with their cube. */
  private static final int COMPARED_ROWS = 160;

  private ScalePower() {}

  /**
   * What was learnt for one power.
   *
   * @param power of the activation scale; 0 where none was collected
   * @param scale examples × n
   * @param prior the hyper-parameters
   * @param rows how many rows they were learnt from
   * @param examples how many examples
   * @param misfit minus the logarithm of likelihood times prior, up to a constant
   */
  record Learnt<P>(
      double power, double[][] scale, P prior, int rows, int examples, double misfit) {}

  /** Learns hyper-parameters for one power. */
  @FunctionalInterface
  interface Learner<P> {
    /**
     * @param near those of another power or of fewer rows, from which to go on; null at first
     */
    Learnt<P> learn(double power, double[][] scale, int mostRows, @Nullable P near);
  }

  /** Makes an example's scale, from its activation scale to a power or from nothing. */
  @FunctionalInterface
  interface Scale {
    double[] of(int example, double @Nullable [] stored, double power);
  }

  static <P> Learnt<P> choose(TrainingData data, int rows, Scale scale, Learner<P> learner) {
    double[][] stored = data.activationScale();
    Learnt<P> best = null;
    P last = null;
    for (double power : stored == null ? new double[] {0} : POWERS) {
      double[][] scales = new double[data.examples()][];
      Arrays.setAll(scales, e -> scale.of(e, stored == null ? null : stored[e], power));
      Learnt<P> next = learner.learn(power, scales, COMPARED_ROWS, last);
      last = next.prior;
      if (best == null || next.misfit < best.misfit) {
        best = next;
      }
    }
    Learnt<P> chosen = Objects.requireNonNull(best);
    return chosen.rows < Math.min(rows, PooledOutputs.MOST_ROWS)
        ? learner.learn(chosen.power, chosen.scale, PooledOutputs.MOST_ROWS, chosen.prior)
        : chosen;
  }
}
