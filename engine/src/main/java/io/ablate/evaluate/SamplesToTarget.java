package io.ablate.evaluate;

/**
 * How many passes a curve needs for a score, by linear interpolation in log₂(passes) between
 * neighbouring points; infinite where it never does. A curve that starts at or above the target
 * needs its first point: what lies below was not measured.
 */
public final class SamplesToTarget {
  private SamplesToTarget() {}

  /** The first crossing: the fewest passes at which the target is reached. */
  public static double reach(double[] passes, double[] scores, double target) {
    for (int i = 0; i < scores.length; i++) {
      if (scores[i] >= target) {
        return i == 0 ? passes[0] : crossing(passes, scores, i, target);
      }
    }
    return Double.POSITIVE_INFINITY;
  }

  /** The last crossing: from there on the curve stays at or above the target. */
  public static double hold(double[] passes, double[] scores, double target) {
    int from = scores.length;
    while (from > 0 && scores[from - 1] >= target) {
      from--;
    }
    if (from == scores.length) {
      return Double.POSITIVE_INFINITY;
    }
    return from == 0 ? passes[0] : crossing(passes, scores, from, target);
  }

  /**
   * The share of passes saved against a baseline, 1 − N/N_baseline; NaN unless both reach the
   * target.
   */
  public static double reduction(double passes, double baseline) {
    return Double.isInfinite(passes) || Double.isInfinite(baseline)
        ? Double.NaN
        : 1 - passes / baseline;
  }

  private static double crossing(double[] passes, double[] scores, int at, double target) {
    double share = (target - scores[at - 1]) / (scores[at] - scores[at - 1]);
    return passes[at - 1] * Math.pow(passes[at] / passes[at - 1], share);
  }
}
