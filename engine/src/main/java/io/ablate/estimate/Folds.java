package io.ablate.estimate;

import io.ablate.base.RandomStreams;
import java.util.SplittableRandom;

/**
 * Rows in folds for cross-validation. Every run of as many rows as there are folds is dealt out
 * anew, so that the fold of a row is a pure function of seed and row, and sizes differ by one at
 * most.
 *
 * @param order the rows, fold after fold, ascending within a fold
 * @param start where each fold starts in {@code order}; the last entry is the number of rows
 */
record Folds(int[] order, int[] start) {
  static Folds of(int rows, int count, long seed) {
    int[] fold = new int[rows];
    int[] start = new int[count + 1];
    int[] deal = new int[count];
    for (int row = 0; row < rows; row++) {
      if (row % count == 0) {
        deal(deal, RandomStreams.stream(seed, row / count));
      }
      fold[row] = deal[row % count];
      start[fold[row] + 1]++;
    }
    for (int f = 0; f < count; f++) {
      start[f + 1] += start[f];
    }
    int[] next = start.clone();
    int[] order = new int[rows];
    for (int row = 0; row < rows; row++) {
      order[next[fold[row]]++] = row;
    }
    return new Folds(order, start);
  }

  int count() {
    return start.length - 1;
  }

  int rows() {
    return order.length;
  }

  /** Number of rows of a fold. */
  int size(int fold) {
    return start[fold + 1] - start[fold];
  }

  private static void deal(int[] deal, SplittableRandom random) {
    for (int i = 0; i < deal.length; i++) {
      int at = random.nextInt(i + 1);
      deal[i] = deal[at];
      deal[at] = i;
    }
  }
}
