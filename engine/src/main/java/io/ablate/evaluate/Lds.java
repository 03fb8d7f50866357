package io.ablate.evaluate;

import java.util.Arrays;

/**
 * The linear datamodeling score of one example: Spearman's rank correlation between predicted and
 * true outputs on held-out masks (Park et al. 2023, arXiv 2303.14186). Ties get their average rank.
 *
 * <p>A prediction that is constant, or that holds NaN or infinities, scores 0, and so does any
 * prediction of outputs that are constant themselves: a score must exist for every fit.
 */
public final class Lds {
  private Lds() {}

  /** Spearman's correlation, or 0 where it does not exist. */
  public static double spearman(double[] predicted, double[] truth) {
    requireSameLength(predicted, truth);
    if (!allFinite(predicted) || !allFinite(truth)) {
      return 0;
    }
    return pearson(ranks(predicted), ranks(truth));
  }

  /** Spearman's correlation of every example. */
  public static double[] spearman(double[][] predicted, double[][] truth) {
    double[] scores = new double[truth.length];
    Arrays.parallelSetAll(scores, e -> spearman(predicted[e], truth[e]));
    return scores;
  }

  /** Pearson's correlation, or 0 where it does not exist. */
  public static double pearson(double[] predicted, double[] truth) {
    requireSameLength(predicted, truth);
    if (!allFinite(predicted) || !allFinite(truth)) {
      return 0;
    }
    double meanP = mean(predicted);
    double meanT = mean(truth);
    double pp = 0;
    double tt = 0;
    double pt = 0;
    for (int i = 0; i < predicted.length; i++) {
      double p = predicted[i] - meanP;
      double t = truth[i] - meanT;
      pp += p * p;
      tt += t * t;
      pt += p * t;
    }
    return isConstant(predicted) || isConstant(truth) ? 0 : clamp(pt / Math.sqrt(pp * tt));
  }

  /** Pearson's correlation of every example. */
  public static double[] pearson(double[][] predicted, double[][] truth) {
    double[] scores = new double[truth.length];
    Arrays.parallelSetAll(scores, e -> pearson(predicted[e], truth[e]));
    return scores;
  }

  /** Ranks from 1, tied values sharing the mean of theirs. */
  static double[] ranks(double[] values) {
    int[] order = order(values);
    double[] ranks = new double[values.length];
    for (int start = 0; start < order.length; ) {
      int end = start + 1;
      while (end < order.length && values[order[end]] == values[order[start]]) {
        end++;
      }
      for (int i = start; i < end; i++) {
        ranks[order[i]] = (start + 1 + end) / 2.0;
      }
      start = end;
    }
    return ranks;
  }

  /** Positions in ascending order of value. */
  static int[] order(double[] values) {
    int n = values.length;
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    int[] next = new int[n];
    int[] order = new int[n];
    for (int i = 0; i < n; i++) {
      int first = firstIndex(sorted, values[i]);
      order[first + next[first]++] = i;
    }
    return order;
  }

  private static int firstIndex(double[] sorted, double value) {
    int low = 0;
    int high = sorted.length;
    while (low < high) {
      int middle = (low + high) >>> 1;
      if (sorted[middle] < value) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  }

  static boolean allFinite(double[] values) {
    return Arrays.stream(values).allMatch(Double::isFinite);
  }

  static boolean isConstant(double[] values) {
    return Arrays.stream(values).allMatch(value -> value == values[0]);
  }

  private static double mean(double[] values) {
    return Arrays.stream(values).sum() / values.length;
  }

  private static double clamp(double correlation) {
    // Subnormal deviations can make the ratio NaN.
    return Double.isNaN(correlation) ? 0 : Math.max(-1, Math.min(1, correlation));
  }

  private static void requireSameLength(double[] predicted, double[] truth) {
    if (predicted.length != truth.length) {
      throw new IllegalArgumentException(
          predicted.length + " predictions for " + truth.length + " outputs");
    }
  }
}
