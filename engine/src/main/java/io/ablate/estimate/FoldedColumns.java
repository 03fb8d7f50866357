package io.ablate.estimate;

import io.ablate.mask.MaskMatrix;

/**
 * The columns of the masks as lists: for every column the rows that hold its rarer value, by fold.
 * Rows are numbered by rank, their place in the order of the folds. A column is then {@code x̃ =
 * sign · (l − mean of l)}, l the indicator of its list. Memory: 4 bytes per listed entry.
 */
final class FoldedColumns {
  private final Folds folds;
  private final int columns;
  private final int[] ranks;

  /** Column j's ranks in fold f are {@code ranks[start[j·K + f]]} to {@code start[j·K + f + 1]}. */
  private final int[] start;

  private final boolean[] listsKept;

  FoldedColumns(MaskMatrix masks, Folds folds) {
    this.folds = folds;
    this.columns = masks.columns();
    this.listsKept = new boolean[columns];
    int m = masks.rows();
    int[] kept = new int[columns];
    for (int row = 0; row < m; row++) {
      for (int j = 0; j < columns; j++) {
        kept[j] += masks.get(row, j) ? 1 : 0;
      }
    }
    long entries = 0;
    for (int j = 0; j < columns; j++) {
      listsKept[j] = 2 * kept[j] < m;
      entries += Math.min(kept[j], m - kept[j]);
    }
    this.ranks = new int[Math.toIntExact(entries)];
    this.start = new int[Math.multiplyExact(columns, folds.count()) + 1];
    int next = 0;
    for (int j = 0; j < columns; j++) {
      for (int f = 0; f < folds.count(); f++) {
        start[j * folds.count() + f] = next;
        for (int rank = folds.start()[f]; rank < folds.start()[f + 1]; rank++) {
          if (masks.get(folds.order()[rank], j) == listsKept[j]) {
            ranks[next++] = rank;
          }
        }
      }
    }
    start[start.length - 1] = next;
  }

  Folds folds() {
    return folds;
  }

  int columns() {
    return columns;
  }

  int[] ranks() {
    return ranks;
  }

  int from(int column, int fold) {
    return start[column * folds.count() + fold];
  }

  int to(int column, int fold) {
    return start[column * folds.count() + fold + 1];
  }

  /** All folds of a column. */
  int from(int column) {
    return start[column * folds.count()];
  }

  int to(int column) {
    return start[(column + 1) * folds.count()];
  }

  /** 1 where the list holds the rows that keep the component, −1 where those that ablate it. */
  int sign(int column) {
    return listsKept[column] ? 1 : -1;
  }
}
