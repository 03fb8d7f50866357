package io.ablate.mask;

import io.ablate.base.Problem;
import io.ablate.base.UsageException;
import java.util.Map;
import java.util.OptionalLong;
import java.util.TreeMap;

/**
 * Masks to learn from and masks to be judged by: the first rows are those of a training design, all
 * others those of the held-out design under the same numbers. Held-out rows are to be independent
 * of the training rows, and the same whatever the training design, so that designs are compared on
 * equal terms: {@link BernoulliMasks} of the same seed, whose counters no other design uses.
 */
public final class ComparisonMasks implements MaskDesign {
  private static final String HELD_OUT = "held_out";
  private static final String FROM = "from";

  private final MaskDesign training;
  private final long trainingRows;
  private final MaskDesign heldOut;

  /**
   * @param trainingRows rows 0 to this one less are those of {@code training}
   * @throws UsageException if {@code training} has not as many rows
   */
  public ComparisonMasks(MaskDesign training, long trainingRows, MaskDesign heldOut) {
    if (training.columns() != heldOut.columns()) {
      throw new IllegalArgumentException(
          "designs of " + training.columns() + " and " + heldOut.columns() + " columns");
    }
    if (trainingRows > training.rows()) {
      throw new UsageException(
          Problem.of("more samples than the design of masks has rows")
              .at("--samples")
              .expected("at most " + training.rows())
              .found(trainingRows));
    }
    this.training = training;
    this.trainingRows = trainingRows;
    this.heldOut = heldOut;
  }

  /**
   * The first row of the held-out design.
   *
   * @param provenance of any design
   * @return empty where it has no held-out part
   */
  public static OptionalLong heldOutFrom(Map<String, Object> provenance) {
    return provenance.get(HELD_OUT) instanceof Map<?, ?> part
            && part.get(FROM) instanceof Number from
        ? OptionalLong.of(from.longValue())
        : OptionalLong.empty();
  }

  @Override
  public int columns() {
    return training.columns();
  }

  @Override
  public long rows() {
    return heldOut.rows();
  }

  /** As that of the training design, and under {@code held_out} where the other takes over. */
  @Override
  public Map<String, Object> provenance() {
    Map<String, Object> part = new TreeMap<>(heldOut.provenance());
    part.put(FROM, trainingRows);
    Map<String, Object> all = new TreeMap<>(training.provenance());
    all.put(HELD_OUT, part);
    return all;
  }

  @Override
  public void row(long row, long[] words, int offset) {
    (row < trainingRows ? training : heldOut).row(row, words, offset);
  }
}
