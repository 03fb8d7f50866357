package io.ablate.mask;

import java.util.Arrays;

/**
 * A 0/1 matrix in packed bits: rows are masks, columns components, 1 keeps. Bit j of a row is bit j
 * mod 64 of its word j / 64; bits beyond the last column are 0. Not thread-safe while written.
 */
public final class MaskMatrix {
  private static final int MOST_OF_A_BYTE = 255;
  private static final long BIT_OF_EVERY_BYTE = 0x0101010101010101L;

  private final int rows;
  private final int columns;
  private final int wordsPerRow;
  private final long[] words;

  public MaskMatrix(int rows, int columns) {
    if (rows < 0 || columns < 0) {
      throw new IllegalArgumentException("negative shape " + rows + " x " + columns);
    }
    this.rows = rows;
    this.columns = columns;
    this.wordsPerRow = wordsPerRow(columns);
    this.words = new long[Math.multiplyExact(rows, wordsPerRow)];
  }

  /** Rows {@code first} to {@code first + rows − 1} of a design. */
  public static MaskMatrix of(MaskDesign design, long first, int rows) {
    MaskMatrix matrix = new MaskMatrix(rows, design.columns());
    design.rows(first, rows, matrix.words);
    return matrix;
  }

  public static int wordsPerRow(int columns) {
    return (columns + 63) >>> 6;
  }

  /** Writes a row of ones. */
  static void keepAll(int columns, long[] words, int offset) {
    int count = wordsPerRow(columns);
    for (int w = 0; w < count; w++) {
      int bits = Math.min(64, columns - (w << 6));
      words[offset + w] = -1L >>> (64 - bits);
    }
  }

  /** Clears the columns that entries {@code from} to {@code to − 1} of {@code order} name. */
  static void ablate(int[] order, int from, int to, long[] words, int offset) {
    for (int i = from; i < to; i++) {
      words[offset + (order[i] >>> 6)] &= ~(1L << order[i]);
    }
  }

  public int rows() {
    return rows;
  }

  public int columns() {
    return columns;
  }

  public int wordsPerRow() {
    return wordsPerRow;
  }

  /** The live words, row after row; bits beyond the last column must stay 0. */
  public long[] words() {
    return words;
  }

  public boolean get(int row, int column) {
    return (words[row * wordsPerRow + (column >>> 6)] >>> column & 1) != 0;
  }

  public void set(int row, int column, boolean keep) {
    long bit = 1L << column;
    int at = row * wordsPerRow + (column >>> 6);
    words[at] = keep ? words[at] | bit : words[at] & ~bit;
  }

  /** Number of kept components in a row. */
  public int kept(int row) {
    int count = 0;
    for (int w = row * wordsPerRow; w < (row + 1) * wordsPerRow; w++) {
      count += Long.bitCount(words[w]);
    }
    return count;
  }

  /** Ones of every column. */
  public int[] columnCounts() {
    int[] counts = new int[columns];
    for (int from = 0; from < rows; from += MOST_OF_A_BYTE) {
      int to = Math.min(rows, from + MOST_OF_A_BYTE);
      for (int word = 0; word < wordsPerRow; word++) {
        count(from, to, word, counts);
      }
    }
    return counts;
  }

  /** Adds up the 64 columns of a word, eight at a time in the bytes of a sum. */
  private void count(int from, int to, int word, int[] counts) {
    long[] sums = new long[Byte.SIZE];
    for (int row = from; row < to; row++) {
      long bits = words[row * wordsPerRow + word];
      for (int i = 0; i < Byte.SIZE; i++) {
        sums[i] += bits >>> i & BIT_OF_EVERY_BYTE;
      }
    }
    int first = word << 6;
    for (int bit = 0; bit < Math.min(Long.SIZE, columns - first); bit++) {
      counts[first + bit] += (int) (sums[bit & 7] >>> (bit & ~7)) & MOST_OF_A_BYTE;
    }
  }

  /** A copy of rows {@code from} to {@code to − 1}. */
  public MaskMatrix rows(int from, int to) {
    MaskMatrix copy = new MaskMatrix(to - from, columns);
    System.arraycopy(words, from * wordsPerRow, copy.words, 0, copy.words.length);
    return copy;
  }

  /** A copy with the given rows, in the given order. */
  public MaskMatrix select(int[] rowIndices) {
    MaskMatrix copy = new MaskMatrix(rowIndices.length, columns);
    for (int i = 0; i < rowIndices.length; i++) {
      System.arraycopy(
          words, rowIndices[i] * wordsPerRow, copy.words, i * wordsPerRow, wordsPerRow);
    }
    return copy;
  }

  /** Writes a row as 0 and 1. */
  public void unpack(int row, float[] target, int offset) {
    for (int j = 0; j < columns; j++) {
      target[offset + j] = get(row, j) ? 1f : 0f;
    }
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof MaskMatrix that
        && rows == that.rows
        && columns == that.columns
        && Arrays.equals(words, that.words);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(words);
  }

  @Override
  public String toString() {
    return "MaskMatrix[" + rows + " x " + columns + "]";
  }
}
