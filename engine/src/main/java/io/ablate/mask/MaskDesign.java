package io.ablate.mask;

/** A source of masks in which row i is a pure function of the design and i. Thread-safe. */
public interface MaskDesign {
  /** Number of components, n. */
  int columns();

  /**
   * Writes row {@code row} as packed bits (see {@link MaskMatrix}).
   *
   * @param words receives {@code MaskMatrix.wordsPerRow(columns())} words from {@code offset}
   */
  void row(long row, long[] words, int offset);
}
