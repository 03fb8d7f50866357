package io.ablate.evaluate;

/**
 * The order of some values, along which the ranks of a resampling need no sorting: a value's is the
 * number of items drawn before it plus half of those tied with it. Ranks are kept doubled and less
 * their mean, as whole numbers: sums of their products are exact up to two million items.
 *
 * @param order items by ascending value
 * @param last whether a position ends a group of tied values
 * @param distinct whether no two are tied
 * @param usable whether every value is finite
 */
record Ordered(int[] order, boolean[] last, boolean distinct, boolean usable) {
  static Ordered of(double[] values) {
    if (!Lds.allFinite(values)) {
      return new Ordered(new int[0], new boolean[0], false, false);
    }
    int[] order = Lds.order(values);
    boolean[] last = new boolean[order.length];
    boolean distinct = true;
    for (int i = 0; i < last.length; i++) {
      last[i] = i + 1 == last.length || values[order[i + 1]] != values[order[i]];
      distinct &= last[i];
    }
    return new Ordered(order, last, distinct, true);
  }

  /**
   * Spearman's correlation of a resampling, 0 where it does not exist.
   *
   * @param counts how often each item was drawn
   * @param ranks to work in, as many
   */
  static double spearman(Ordered left, Ordered right, int[] counts, int[] ranks) {
    long leftSquare =
        left.distinct ? left.distinctRanks(counts, ranks) : left.tiedRanks(counts, ranks);
    return right.distinct
        ? right.meetDistinct(leftSquare, counts, ranks)
        : right.meetTied(leftSquare, counts, ranks);
  }

  /** Writes every item's rank; returns their sum of squares. */
  private long distinctRanks(int[] counts, int[] ranks) {
    long square = 0;
    int before = -counts.length;
    for (int item : order) {
      int count = counts[item];
      int rank = before + count;
      ranks[item] = rank;
      square += (long) count * rank * rank;
      before = rank + count;
    }
    return square;
  }

  private long tiedRanks(int[] counts, int[] ranks) {
    long square = 0;
    int before = -counts.length;
    for (int start = 0; start < order.length; ) {
      int end = start;
      int tied = 0;
      do {
        tied += counts[order[end]];
      } while (!last[end++]);
      int rank = before + tied;
      for (int i = start; i < end; i++) {
        ranks[order[i]] = rank;
      }
      square += (long) tied * rank * rank;
      before = rank + tied;
      start = end;
    }
    return square;
  }

  private double meetDistinct(long leftSquare, int[] counts, int[] ranks) {
    long square = 0;
    long product = 0;
    int before = -counts.length;
    for (int item : order) {
      int count = counts[item];
      int rank = before + count;
      long weighted = (long) count * rank;
      square += weighted * rank;
      product += weighted * ranks[item];
      before = rank + count;
    }
    return correlation(product, leftSquare, square);
  }

  private double meetTied(long leftSquare, int[] counts, int[] ranks) {
    long square = 0;
    long product = 0;
    int before = -counts.length;
    for (int start = 0; start < order.length; ) {
      int end = start;
      int tied = 0;
      long leftSum = 0;
      do {
        int item = order[end];
        tied += counts[item];
        leftSum += (long) counts[item] * ranks[item];
      } while (!last[end++]);
      int rank = before + tied;
      square += (long) tied * rank * rank;
      product += leftSum * rank;
      before = rank + tied;
      start = end;
    }
    return correlation(product, leftSquare, square);
  }

  private static double correlation(long product, long leftSquare, long rightSquare) {
    double norm = (double) leftSquare * rightSquare;
    return norm > 0 ? product / Math.sqrt(norm) : 0;
  }
}
