package io.ablate.estimate;

import io.ablate.mask.MaskMatrix;
import java.util.Arrays;
import java.util.stream.IntStream;

/**
 * Outputs of linear models under masks. Kept components are added, or ablated ones are taken off
 * the sum of all, whichever are fewer in the whole matrix: so every row of a model is added up in
 * one way, and rows that differ in components without effect stay tied. Models are done in blocks
 * side by side; a model's bits do not depend on its company.
 */
final class LinearPredictions {
  /** Models of a block: components of one are added while their coefficients stay in the cache. */
  private static final int MODELS = 32;

  private final MaskMatrix masks;
  private final boolean byAblated;

  /** The components to add of every row. */
  private final int[][] listed;

  private LinearPredictions(MaskMatrix masks) {
    this.masks = masks;
    long kept = Arrays.stream(masks.words()).map(Long::bitCount).sum();
    this.byAblated = 2 * kept > (long) masks.rows() * masks.columns();
    this.listed = new int[masks.rows()][];
    Arrays.parallelSetAll(listed, this::list);
  }

  private int[] list(int row) {
    int kept = masks.kept(row);
    int[] list = new int[byAblated ? masks.columns() - kept : kept];
    int count = 0;
    int first = row * masks.wordsPerRow();
    for (int word = 0; count < list.length; word++) {
      long bits = masks.words()[first + word];
      // Bits beyond the last column are 0; turned over they come last.
      for (long left = byAblated ? ~bits : bits; left != 0 && count < list.length; ) {
        list[count++] = (word << 6) + Long.numberOfTrailingZeros(left);
        left &= left - 1;
      }
    }
    return list;
  }

  /** intercept + Σ attribution · x of every model, models × rows. */
  static double[][] of(MaskMatrix masks, double[][] attributions, double[] intercepts) {
    LinearPredictions predictions = new LinearPredictions(masks);
    double[][] predicted = new double[attributions.length][masks.rows()];
    IntStream.range(0, Math.ceilDiv(attributions.length, MODELS))
        .parallel()
        .forEach(block -> predictions.block(block * MODELS, attributions, intercepts, predicted));
    return predicted;
  }

  private void block(
      int first, double[][] attributions, double[] intercepts, double[][] predicted) {
    int count = Math.min(MODELS, attributions.length - first);
    double[][] ofComponent = new double[masks.columns()][count];
    double[] base = new double[count];
    for (int k = 0; k < count; k++) {
      double[] theta = attributions[first + k];
      double sum = 0;
      for (int j = 0; j < theta.length; j++) {
        ofComponent[j][k] = theta[j];
        sum += theta[j];
      }
      base[k] = byAblated ? intercepts[first + k] + sum : intercepts[first + k];
    }
    double[] sums = new double[count];
    for (int row = 0; row < listed.length; row++) {
      Arrays.fill(sums, 0);
      for (int j : listed[row]) {
        add(sums, ofComponent[j]);
      }
      for (int k = 0; k < count; k++) {
        predicted[first + k][row] = byAblated ? base[k] - sums[k] : base[k] + sums[k];
      }
    }
  }

  private static void add(double[] sums, double[] values) {
    for (int k = 0; k < sums.length; k++) {
      sums[k] += values[k];
    }
  }
}
