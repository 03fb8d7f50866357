package io.ablate.dataset;

/** Consecutive rows, read together in blocks of bounded size. */
final class RowRuns {
  private static final int BLOCK_ELEMENTS = 1 << 18;

  private RowRuns() {}

  /** Takes {@code count} rows of the file from {@code first}; the selection's from {@code at}. */
  @FunctionalInterface
  interface Run {
    void accept(int at, int first, int count);
  }

  static void forEach(int[] rows, int rowLength, Run run) {
    int most = Math.max(1, BLOCK_ELEMENTS / Math.max(1, rowLength));
    int at = 0;
    while (at < rows.length) {
      int count = 1;
      while (count < most && at + count < rows.length && rows[at + count] == rows[at] + count) {
        count++;
      }
      run.accept(at, rows[at], count);
      at += count;
    }
  }
}
