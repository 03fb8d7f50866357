package io.ablate.mask;

import io.ablate.base.Problem;
import io.ablate.base.UsageException;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Masks for gradient passes: an entry is soft with probability {@code soft}, that is uniform
 * strictly between 0 and 1; otherwise 1 or 0, the more often 1 the more are soft, so that the mean
 * of an entry is {@code keep} all the same: (keep − soft/2)/(1 − soft), at most 1. A soft entry
 * stands for an ablated one half; masks that ablated as many beside them would show the derivative
 * where more is missing than in the masks to be predicted.
 *
 * <p>The columns are independent, the rows balanced: with t the probability that an entry is soft
 * or 0, every entry is so at most once in each round of B = ⌊1/t⌋ rows, and in successive rounds 2p
 * and 2p + 1 its soft values are u and 1 − u. So what a few rows leave of an entry is nearly the
 * same for all, and a mean over them owes less to chance.
 *
 * <p>Row i is row b = i mod B of round r = ⌊i/B⌋. Entry j takes the block of Philox4x32-10 under
 * key (seed low, seed high) at counter (j, 1, p low, p high), p = ⌊r/2⌋. Where a = word (r mod 2) −
 * bT, T = round(t · 2³²), 2³²/B at most, is in [0, round(soft · 2³²)), the entry is soft: of value
 * (2k + 1)/2²⁴ with k the upper 23 bits of word 2, all of them inverted where r is odd. Up to T it
 * is 0, otherwise 1. Hence both probabilities are exact to 2⁻³¹, a row depends neither on the
 * number of rows nor on the order of asking, and no counter is one of {@link BernoulliMasks}.
 *
 * <p>Rows of older versions, whose entries are all independent, are made for the stores that have
 * them: entry j of row i takes words 2(j mod 2) and 2(j mod 2) + 1 of the block at (⌊j/2⌋, 1, row
 * low, row high). The first makes it soft, the second gives the value or keeps a hard entry.
 * Immutable and thread-safe.
 */
public final class GradientMasks {
  /** Name and version of the generator, for manifests; changes if any mask would. */
  public static final String GENERATOR = "philox4x32-10/gradient-v3";

  /** The second version: independent rows. */
  private static final String INDEPENDENT = "philox4x32-10/gradient-v2";

  /** The first: moreover hard entries are 1 with probability keep, however many are soft. */
  private static final String UNCOMPENSATED = "philox4x32-10/gradient-v1";

  private static final int STREAM = 1;

  private final String generator;
  private final long seed;
  private final double keep;
  private final double soft;
  private final int columns;
  private final long keepThreshold;
  private final long softThreshold;
  private final int rowsPerRound;
  private final long touchedThreshold;

  /**
   * @param keep mean of every entry, strictly between 0 and 1; where too many are soft for it, all
   *     others are 1, or 0 below a half
   * @param soft share of soft entries, 0 to 1; 0 gives masks of zeros and ones
   * @throws UsageException if a probability is outside its interval
   */
  public GradientMasks(long seed, double keep, double soft, int columns) {
    this(GENERATOR, seed, keep, soft, columns);
  }

  private GradientMasks(String generator, long seed, double keep, double soft, int columns) {
    if (!(soft >= 0 && soft <= 1)) {
      throw new UsageException(
          Problem.of("soft is a probability")
              .at("--soft")
              .expected("a number from 0 to 1")
              .found(soft));
    }
    if (columns < 1) {
      throw new IllegalArgumentException("no components to mask: " + columns);
    }
    this.generator = generator;
    this.seed = seed;
    this.keep = Keep.require(keep);
    this.soft = soft;
    this.columns = columns;
    double hard = generator.equals(UNCOMPENSATED) ? keep : hardKeep(keep, soft);
    this.keepThreshold = Math.round(hard * 0x1p32);
    this.softThreshold = Math.round(soft * 0x1p32);
    double untouched = (1 - soft) * hard;
    this.rowsPerRound = Keep.disjointSets(untouched);
    this.touchedThreshold =
        Math.min(Math.round((1 - untouched) * 0x1p32), (1L << 32) / rowsPerRound);
  }

  /** How often an entry that is not soft is 1. */
  private static double hardKeep(double keep, double soft) {
    return soft < 1 ? Math.clamp((keep - soft / 2) / (1 - soft), 0, 1) : keep;
  }

  /**
   * The masks that a manifest describes.
   *
   * @param provenance as {@link #provenance} gave it
   * @return null if it is of another generator, incomplete or impossible
   */
  public static @Nullable GradientMasks of(Map<String, Object> provenance, int columns) {
    return provenance.get("generator") instanceof String generator
            && List.of(GENERATOR, INDEPENDENT, UNCOMPENSATED).contains(generator)
            && provenance.get("seed") instanceof Number seed
            && (seed instanceof Integer || seed instanceof Long)
            && provenance.get("keep") instanceof Number keep
            && keep.doubleValue() > 0
            && keep.doubleValue() < 1
            && provenance.get("soft") instanceof Number soft
            && soft.doubleValue() >= 0
            && soft.doubleValue() <= 1
        ? new GradientMasks(
            generator, seed.longValue(), keep.doubleValue(), soft.doubleValue(), columns)
        : null;
  }

  /** Number of components, n. */
  public int columns() {
    return columns;
  }

  /** Share of soft entries. */
  public double soft() {
    return soft;
  }

  /** What a manifest needs to make the same rows again: values that JSON can hold. */
  public Map<String, Object> provenance() {
    return Map.of("generator", generator, "keep", keep, "seed", seed, "soft", soft);
  }

  /**
   * Writes one row.
   *
   * @param row 0 or more
   * @param target receives {@link #columns} values
   */
  public void row(long row, float[] target) {
    if (row < 0) {
      throw new IllegalArgumentException("negative row " + row);
    }
    if (generator.equals(GENERATOR)) {
      balanced(row, target);
    } else {
      independent(row, target);
    }
  }

  private void balanced(long row, float[] target) {
    long round = row / rowsPerRound;
    int odd = (int) (round & 1);
    long pair = round >>> 1;
    long start = row % rowsPerRound * touchedThreshold;
    int[] draws = new int[4];
    for (int j = 0; j < columns; j++) {
      Philox.block(
          j, STREAM, (int) pair, (int) (pair >>> 32), (int) seed, (int) (seed >>> 32), draws);
      long at = (draws[odd] & 0xFFFFFFFFL) - start;
      if (at < 0 || at >= touchedThreshold) {
        target[j] = 1;
      } else {
        target[j] = at < softThreshold ? between(odd == 0 ? draws[2] : ~draws[2]) : 0;
      }
    }
  }

  private void independent(long row, float[] target) {
    int[] draws = new int[4];
    for (int j = 0; j < columns; j += 2) {
      Philox.block(
          j >>> 1, STREAM, (int) row, (int) (row >>> 32), (int) seed, (int) (seed >>> 32), draws);
      target[j] = entry(draws[0], draws[1]);
      if (j + 1 < columns) {
        target[j + 1] = entry(draws[2], draws[3]);
      }
    }
  }

  private float entry(int kind, int value) {
    if ((kind & 0xFFFFFFFFL) < softThreshold) {
      return between(value);
    }
    return (value & 0xFFFFFFFFL) < keepThreshold ? 1 : 0;
  }

  /** Uniform strictly between 0 and 1; 1 less that for all bits inverted. */
  private static float between(int word) {
    return (2 * (word >>> 9) + 1) * 0x1p-24f;
  }
}
