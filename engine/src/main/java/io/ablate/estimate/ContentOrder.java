package io.ablate.estimate;

import io.ablate.mask.MaskMatrix;
import java.util.Comparator;
import java.util.SplittableRandom;
import java.util.stream.IntStream;

/**
 * Columns in an order that only their content decides, so that a method that goes through them one
 * by one does not depend on how they were numbered. Columns of equal content, which no outputs can
 * tell apart, are neighbours, and share what they are given equally.
 *
 * @param order the columns, as numbered outside
 * @param key a hash of the content, in that order
 * @param masks the masks with their columns in that order
 */
record ContentOrder(int[] order, long[] key, MaskMatrix masks) {
  static ContentOrder of(MaskMatrix masks) {
    int n = masks.columns();
    long[] keys = new long[n];
    for (int row = 0; row < masks.rows(); row++) {
      long mixed = new SplittableRandom(row).nextLong();
      for (int j = 0; j < n; j++) {
        keys[j] += masks.get(row, j) ? mixed : 0;
      }
    }
    int[] order =
        IntStream.range(0, n)
            .boxed()
            .sorted(Comparator.comparingLong(j -> keys[j]))
            .mapToInt(Integer::intValue)
            .toArray();
    MaskMatrix sorted = new MaskMatrix(masks.rows(), n);
    for (int row = 0; row < masks.rows(); row++) {
      for (int j = 0; j < n; j++) {
        if (masks.get(row, order[j])) {
          sorted.set(row, j, true);
        }
      }
    }
    return new ContentOrder(order, IntStream.of(order).mapToLong(j -> keys[j]).toArray(), sorted);
  }

  /** Coefficients in the numbering outside, shared among equal columns. */
  double[] restore(double[] theta) {
    double[] restored = new double[theta.length];
    int to;
    for (int from = 0; from < theta.length; from = to) {
      double sum = 0;
      for (to = from; to < theta.length && key[to] == key[from]; to++) {
        sum += theta[to];
      }
      for (int j = from; j < to; j++) {
        restored[order[j]] = sum / (to - from);
      }
    }
    return restored;
  }
}
