package io.ablate.mask;

import io.ablate.base.UsageException;
import java.util.Map;

/**
 * Every row ablates exactly round((1 − keep) n) components, a uniform draw without replacement: the
 * first entries of the permutation of the row (see {@link Permutation}, stream 2). Rows are
 * independent of each other. No row tells what it costs to ablate one component more anywhere: for
 * that, {@link BernoulliMasks} vary the number. Immutable and thread-safe.
 */
public final class FixedSizeMasks implements MaskDesign {
  /** Name and version of the generator, for manifests; changes if any mask would. */
  public static final String GENERATOR = "philox4x32-10/fixed-size-v1";

  private static final int STREAM = 2;

  private final long seed;
  private final double keep;
  private final int columns;
  private final int ablated;

  /**
   * @param keep share of components to keep, strictly between 0 and 1
   * @throws UsageException if {@code keep} is not, or no row or every row would ablate all
   */
  public FixedSizeMasks(long seed, double keep, int columns) {
    this.ablated = (int) Math.round(Keep.ablated(keep, columns));
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
    return Map.of("design", "fixed-size", "generator", GENERATOR, "keep", keep, "seed", seed);
  }

  @Override
  public void row(long row, long[] words, int offset) {
    if (row < 0) {
      throw new IllegalArgumentException("negative row " + row);
    }
    MaskMatrix.keepAll(columns, words, offset);
    int[] order = Permutation.of(seed, STREAM, row, columns, ablated);
    MaskMatrix.ablate(order, 0, ablated, words, offset);
  }
}
