package io.ablate.mask;

import io.ablate.base.UsageException;
import java.util.Map;

/**
 * Independent Bernoulli(keep) entries (COAR's design, made addressable). The draw of component j in
 * row i is word j mod 4 of Philox4x32-10 under key (seed low, seed high) at counter (⌊j/4⌋, 0, row
 * low, row high), unsigned; it keeps the component where it is below round(keep · 2³²). Hence keep
 * is exact to 2⁻³², and a row depends neither on the number of rows nor on the order of asking.
 */
public final class BernoulliMasks implements MaskDesign {
  /** Name and version of the generator, for manifests; changes if any mask would. */
  public static final String GENERATOR = "philox4x32-10/v1";

  /** Counters of which each gives four bits. */
  private static final int DRAWS_PER_WORD = 16;

  private static final int WORDS = PhiloxLanes.LANES / DRAWS_PER_WORD;

  private final long seed;
  private final double keep;
  private final int columns;
  private final long threshold;

  /**
   * @param keep probability of keeping a component, strictly between 0 and 1
   * @throws UsageException if {@code keep} is not
   */
  public BernoulliMasks(long seed, double keep, int columns) {
    if (columns < 1) {
      throw new IllegalArgumentException("no components to mask: " + columns);
    }
    this.seed = seed;
    this.keep = Keep.require(keep);
    this.columns = columns;
    this.threshold = Math.round(keep * 0x1p32);
  }

  /** What {@link Philox} is keyed with. */
  public long seed() {
    return seed;
  }

  /** A component is kept where its draw, in [0, 2³²), is below this. */
  public long threshold() {
    return threshold;
  }

  @Override
  public int columns() {
    return columns;
  }

  @Override
  public Map<String, Object> provenance() {
    return Map.of("design", "bernoulli", "generator", GENERATOR, "keep", keep, "seed", seed);
  }

  @Override
  public void row(long row, long[] words, int offset) {
    row(row, words, offset, new PhiloxLanes());
  }

  @Override
  public void rows(long first, int count, long[] words) {
    PhiloxLanes lanes = new PhiloxLanes();
    int wordsPerRow = MaskMatrix.wordsPerRow(columns);
    for (int i = 0; i < count; i++) {
      row(first + i, words, i * wordsPerRow, lanes);
    }
  }

  private void row(long row, long[] words, int offset, PhiloxLanes lanes) {
    if (row < 0) {
      throw new IllegalArgumentException("negative row " + row);
    }
    int count = MaskMatrix.wordsPerRow(columns);
    for (int word = 0; word < count; word += WORDS) {
      int some = Math.min(WORDS, count - word);
      lanes.draw(word * DRAWS_PER_WORD, some * DRAWS_PER_WORD, 0, row, seed);
      lanes.compare(threshold);
      for (int i = 0; i < some; i++) {
        words[offset + word + i] = lanes.bits(i * DRAWS_PER_WORD);
      }
    }
    words[offset + count - 1] &= -1L >>> -columns;
  }
}
