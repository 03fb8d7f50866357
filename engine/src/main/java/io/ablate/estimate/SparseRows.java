package io.ablate.estimate;

import io.ablate.mask.MaskMatrix;
import java.util.Arrays;

/**
 * Masks as lists: per row the components that are ablated, or those that are kept, whichever are
 * fewer over all. A step then costs what these hold.
 *
 * @param ones per row, ascending
 * @param columns number of components
 * @param ablated whether the listed components are the ablated ones
 */
public record SparseRows(int[][] ones, int columns, boolean ablated) {
  static SparseRows of(MaskMatrix masks) {
    long kept = Arrays.stream(masks.words()).map(Long::bitCount).sum();
    boolean ablated = 2 * kept > (long) masks.rows() * masks.columns();
    int[][] ones = new int[masks.rows()][];
    int[] buffer = new int[masks.columns()];
    for (int row = 0; row < ones.length; row++) {
      int count = 0;
      for (int j = 0; j < buffer.length; j++) {
        if (masks.get(row, j) != ablated) {
          buffer[count++] = j;
        }
      }
      ones[row] = Arrays.copyOf(buffer, count);
    }
    return new SparseRows(ones, masks.columns(), ablated);
  }

  /** Effects of the listed entries as effects of keeping a component. */
  double[] attributions(double[] effects) {
    return ablated ? Arrays.stream(effects).map(effect -> -effect).toArray() : effects;
  }

  /** Some of the rows, in the given order. */
  SparseRows select(int[] rows) {
    return new SparseRows(
        Arrays.stream(rows).mapToObj(row -> ones[row]).toArray(int[][]::new), columns, ablated);
  }

  /** As a 0/1 matrix, rows × columns: 1 where a component is listed. */
  public MaskMatrix packed() {
    MaskMatrix packed = new MaskMatrix(ones.length, columns);
    for (int row = 0; row < ones.length; row++) {
      for (int j : ones[row]) {
        packed.set(row, j, true);
      }
    }
    return packed;
  }

  /** How many rows list each column, over the number of rows. */
  public double[] columnMeans() {
    double[] means = new double[columns];
    for (int[] row : ones) {
      for (int j : row) {
        means[j]++;
      }
    }
    for (int j = 0; j < columns; j++) {
      means[j] /= Math.max(1, ones.length);
    }
    return means;
  }
}
