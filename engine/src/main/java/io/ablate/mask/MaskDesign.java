package io.ablate.mask;

import java.util.Map;

/** A source of masks in which row i is a pure function of the design and i. Thread-safe. */
public interface MaskDesign {
  /** Number of components, n. */
  int columns();

  /** Number of rows that exist; {@link Long#MAX_VALUE} where any row can be drawn. */
  default long rows() {
    return Long.MAX_VALUE;
  }

  /**
   * What a manifest needs to make the same rows again: the design's name and its parameters, values
   * that JSON can hold. Two designs of equal provenance have equal rows.
   */
  Map<String, Object> provenance();

  /**
   * Writes row {@code row} as packed bits (see {@link MaskMatrix}).
   *
   * @param words receives {@code MaskMatrix.wordsPerRow(columns())} words from {@code offset}
   */
  void row(long row, long[] words, int offset);

  /**
   * Writes rows {@code first} to {@code first + count − 1}, one after another from the beginning.
   *
   * @param words receives {@code count} times {@code MaskMatrix.wordsPerRow(columns())} words
   */
  default void rows(long first, int count, long[] words) {
    int wordsPerRow = MaskMatrix.wordsPerRow(columns());
    for (int i = 0; i < count; i++) {
      row(first + i, words, i * wordsPerRow);
    }
  }
}
