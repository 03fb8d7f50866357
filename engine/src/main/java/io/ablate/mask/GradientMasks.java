package io.ablate.mask;

import io.ablate.base.Problem;
import io.ablate.base.UsageException;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Masks for gradient passes: each entry, independently, is soft with probability {@code soft}, that
 * is uniform strictly between 0 and 1; otherwise 1 or 0, the more often 1 the more are soft, so
 * that the mean of an entry is {@code keep} all the same: (keep − soft/2)/(1 − soft), at most 1. A
 * soft entry stands for an ablated one half; masks that ablated as many beside them would show the
 * derivative where more is missing than in the masks to be predicted.
 *
 * <p>Entry j of row i takes two words of Philox4x32-10 under key (seed low, seed high) at counter
 * (⌊j/2⌋, 1, row low, row high): words 0 and 1 where j is even, 2 and 3 where it is odd. The first
 * makes it soft where it is below round(soft · 2³²); the second keeps a hard entry where it is
 * below round(2³² times that share), and the upper 23 bits k of it give a soft one the value (2k +
 * 1)/2²⁴. Hence both probabilities are exact to 2⁻³², a row depends neither on the number of rows
 * nor on the order of asking, and no counter is one of {@link BernoulliMasks}. Immutable and
 * thread-safe.
 */
public final class GradientMasks {
  /** Name and version of the generator, for manifests; changes if any mask would. */
  public static final String GENERATOR = "philox4x32-10/gradient-v2";

  /** The first version: hard entries are 1 with probability keep, however many are soft. */
  private static final String UNCOMPENSATED = "philox4x32-10/gradient-v1";

  private static final int STREAM = 1;

  private final String generator;
  private final long seed;
  private final double keep;
  private final double soft;
  private final int columns;
  private final long keepThreshold;
  private final long softThreshold;

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
  }

  /** How often an entry that is not soft is 1. */
  private static double hardKeep(double keep, double soft) {
    return soft < 1 ? Math.clamp((keep - soft / 2) / (1 - soft), 0, 1) : keep;
  }

  /**
   * The masks that a manifest describes.
   *
   * @param provenance as {@link #provenance} gave it
   * @return null if it is of another generator or incomplete
   */
  public static @Nullable GradientMasks of(Map<String, Object> provenance, int columns) {
    return provenance.get("generator") instanceof String generator
            && (generator.equals(GENERATOR) || generator.equals(UNCOMPENSATED))
            && provenance.get("seed") instanceof Number seed
            && provenance.get("keep") instanceof Number keep
            && provenance.get("soft") instanceof Number soft
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
      return (2 * (value >>> 9) + 1) * 0x1p-24f;
    }
    return (value & 0xFFFFFFFFL) < keepThreshold ? 1 : 0;
  }
}
