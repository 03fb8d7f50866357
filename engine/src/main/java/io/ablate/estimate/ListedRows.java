package io.ablate.estimate;

import io.ablate.mask.MaskMatrix;
import java.util.Arrays;

/**
 * Masks as lists: for every row the components with the value that is rarer over all rows, so that
 * a mask is a constant plus {@code sign} times the indicator of its list.
 *
 * @param columns number of components
 * @param start where each row's list starts in {@code listed}; one entry more than rows
 * @param listed components, row after row
 * @param sign 1 where lists hold the kept components, −1 where the ablated
 */
record ListedRows(int columns, int[] start, int[] listed, int sign) {
  static ListedRows of(MaskMatrix masks) {
    int m = masks.rows();
    int n = masks.columns();
    long kept = Arrays.stream(masks.words()).map(Long::bitCount).sum();
    long all = (long) m * n;
    boolean listKept = 2 * kept < all;
    int[] listed = new int[Math.toIntExact(Math.min(kept, all - kept))];
    int[] start = new int[m + 1];
    int next = 0;
    for (int row = 0; row < m; row++) {
      for (int j = 0; j < n; j++) {
        if (masks.get(row, j) == listKept) {
          listed[next++] = j;
        }
      }
      start[row + 1] = next;
    }
    return new ListedRows(n, start, listed, listKept ? 1 : -1);
  }

  /** Of each column, the share of the first rows that list it. */
  double[] shares(int rows) {
    double[] shares = new double[columns];
    for (int i = 0; i < start[rows]; i++) {
      shares[listed[i]] += 1;
    }
    for (int j = 0; j < columns; j++) {
      shares[j] /= rows;
    }
    return shares;
  }
}
