package io.ablate.mask;

import java.util.Map;

/** Row i ablates component i alone, and row n none: one row more than components. */
public final class LeaveOneOutMasks implements MaskDesign {
  private final int columns;

  public LeaveOneOutMasks(int columns) {
    if (columns < 1) {
      throw new IllegalArgumentException("no components to mask: " + columns);
    }
    this.columns = columns;
  }

  @Override
  public int columns() {
    return columns;
  }

  @Override
  public long rows() {
    return columns + 1L;
  }

  @Override
  public Map<String, Object> provenance() {
    return Map.of("design", "leave-one-out");
  }

  @Override
  public void row(long row, long[] words, int offset) {
    if (row < 0 || row > columns) {
      throw new IllegalArgumentException("row " + row + " outside 0.." + columns);
    }
    MaskMatrix.keepAll(columns, words, offset);
    if (row < columns) {
      words[offset + (int) (row >>> 6)] &= ~(1L << row);
    }
  }
}
