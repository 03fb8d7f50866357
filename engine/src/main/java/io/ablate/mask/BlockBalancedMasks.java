package io.ablate.mask;

import io.ablate.base.UsageException;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Rounds of B = ⌊1/α⌋ rows, α = 1 − keep, that ablate disjoint sets of ⌊αn⌋ or ⌈αn⌉ components: row
 * b of round r (row rB + b of the design) ablates the entries round(bαn) to round((b + 1)αn) − 1 of
 * the permutation of round r (see {@link Permutation}, stream 3). What is left of the permutation
 * is kept throughout the round. So every component is ablated as often as every other, but for such
 * remainders, and never with another one twice in a round.
 *
 * <p>Rounds are independent of each other. As with {@link FixedSizeMasks}, no row tells what it
 * costs to ablate one component more. Thread-safe: the permutation of the last round is kept, and
 * threads at different rounds only make theirs again.
 */
public final class BlockBalancedMasks implements MaskDesign {
  /** Name and version of the generator, for manifests; changes if any mask would. */
  public static final String GENERATOR = "philox4x32-10/block-balanced-v1";

  private static final int STREAM = 3;

  private final long seed;
  private final double keep;
  private final int columns;
  private final double ablated;
  private final int rowsPerRound;
  private volatile @Nullable Round last;

  /** Shared between threads: neither it nor the order is ever written again. */
  private record Round(long index, int[] order) {}

  /**
   * @param keep share of components to keep, strictly between 0 and 1
   * @throws UsageException if {@code keep} is not, or no row or every row would ablate all
   */
  public BlockBalancedMasks(long seed, double keep, int columns) {
    this.ablated = Keep.ablated(keep, columns);
    this.rowsPerRound = Keep.disjointSets(keep);
    this.seed = seed;
    this.keep = keep;
    this.columns = columns;
  }

  @Override
  public int columns() {
    return columns;
  }

  @Override
  public Map<String, Object> provenance() {
    return Map.of("design", "block-balanced", "generator", GENERATOR, "keep", keep, "seed", seed);
  }

  @Override
  public void row(long row, long[] words, int offset) {
    if (row < 0) {
      throw new IllegalArgumentException("negative row " + row);
    }
    MaskMatrix.keepAll(columns, words, offset);
    int block = (int) (row % rowsPerRound);
    MaskMatrix.ablate(
        order(row / rowsPerRound),
        (int) Math.round(block * ablated),
        (int) Math.min(columns, Math.round((block + 1) * ablated)),
        words,
        offset);
  }

  private int[] order(long round) {
    Round known = last;
    if (known == null || known.index != round) {
      int shuffled = (int) Math.min(columns, Math.round(rowsPerRound * ablated));
      known = new Round(round, Permutation.of(seed, STREAM, round, columns, shuffled));
      last = known;
    }
    return known.order;
  }
}
