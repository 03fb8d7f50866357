package io.ablate.estimate;

import java.util.Arrays;

/**
 * Which rows of a batch list a column: {@link SparseRows} turned on their side. Not thread-safe.
 */
final class BatchColumns {
  private static final int NONE = -1;

  private final int[] first;
  private int[] row = {};
  private int[] next = {};

  BatchColumns(int columns) {
    this.first = new int[columns];
  }

  /** Takes the rows {@code order[from … to − 1]}. */
  void list(int[][] ones, int[] order, int from, int to) {
    int entries = 0;
    for (int i = from; i < to; i++) {
      entries += ones[order[i]].length;
    }
    if (row.length < entries) {
      row = new int[entries];
      next = new int[entries];
    }
    Arrays.fill(first, NONE);
    int entry = 0;
    for (int i = to - 1; i >= from; i--) { // from behind: a column's rows then ascend
      for (int j : ones[order[i]]) {
        row[entry] = i - from;
        next[entry] = first[j];
        first[j] = entry++;
      }
    }
  }

  /**
   * The sum of the batch's rows that list a column, in their order.
   *
   * @param rows what is summed, by place in the batch; at least {@code sum.length} long each
   * @param sum overwritten if two rows or more list the column
   * @return a row itself if it alone lists the column, otherwise {@code sum}
   */
  float[] sum(int column, float[][] rows, float[] sum) {
    int entry = first[column];
    if (entry == NONE) {
      Arrays.fill(sum, 0);
      return sum;
    }
    float[] start = rows[row[entry]];
    entry = next[entry];
    while (entry != NONE) {
      float[] other = rows[row[entry]];
      for (int k = 0; k < sum.length; k++) {
        sum[k] = start[k] + other[k];
      }
      start = sum;
      entry = next[entry];
    }
    return start;
  }
}
