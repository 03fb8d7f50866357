package io.ablate.evaluate;

import java.util.Arrays;

/**
 * How well predictions rank held-out outputs.
 *
 * @param perExample Spearman's correlation of every example
 * @param mean over the examples
 * @param ci its 95 % bootstrap interval, [low, high]
 * @param pearson mean over the examples of Pearson's correlation
 * @param draws the mean of every bootstrap draw; paired with those of other predictions of the same
 *     outputs
 */
public record HeldOutScore(
    double[] perExample, double mean, double[] ci, double pearson, double[] draws) {

  /**
   * Scores predictions; both arguments are examples × masks.
   *
   * @param bootstrap of as many examples and masks
   */
  public static HeldOutScore of(double[][] predicted, double[][] truth, Bootstrap bootstrap) {
    double[] lds = Lds.spearman(predicted, truth);
    double[] draws = bootstrap.means(predicted, truth);
    return new HeldOutScore(
        lds, mean(lds), Bootstrap.interval(draws), mean(Lds.pearson(predicted, truth)), draws);
  }

  private static double mean(double[] values) {
    return Arrays.stream(values).sum() / Math.max(1, values.length);
  }
}
