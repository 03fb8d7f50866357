package io.ablate.onednn;

import java.util.Arrays;

/** How a batch is divided among threads. */
final class MicroBatches {
  /** Larger ones gain nothing, and need more memory. */
  static final int MOST_ROWS = 32;

  /** Of a batch that has more than one row. */
  static final int LEAST_ROWS = 2;

  private MicroBatches() {}

  /** Rows of each micro-batch, of at most two sizes: one for each thread, or more small ones. */
  static int[] sizes(int rows, int threads) {
    int count = Math.clamp(rows / LEAST_ROWS, 1, threads);
    while ((rows + count - 1) / count > MOST_ROWS) {
      count += threads;
    }
    int[] sizes = new int[count];
    Arrays.fill(sizes, rows / sizes.length);
    for (int i = 0; i < rows % sizes.length; i++) {
      sizes[i]++;
    }
    return sizes;
  }
}
