package io.ablate.dataset;

import io.ablate.base.Problem;
import io.ablate.base.UsageException;
import java.util.stream.IntStream;

/**
 * The segments by which a store sums its gradient passes. They end at the powers of two and at one
 * and a half times these: 1, 2, 3, 4, 6, 8, 12, 16, 24, … passes, the last one where the store's
 * passes end. Hence memory and disk grow with the logarithm of the number of passes, and the first
 * q passes can be told for every end q.
 */
public final class GradientSegments {
  /** No store holds more gradient passes; keeps every count of them an int. */
  public static final int MOST_PASSES = 1 << 24;

  private GradientSegments() {}

  /**
   * Where the segments of passes {@code first} to {@code first + passes − 1} end, counted from pass
   * 0; ascending, the last one {@code first + passes}.
   */
  public static int[] ends(int first, int passes) {
    requireRange(first, passes);
    int end = first + passes;
    return IntStream.concat(
            IntStream.iterate(next(first), to -> to < end, GradientSegments::next),
            IntStream.of(end))
        .toArray();
  }

  /** Whether a segment ends after so many passes whatever their number; true for none. */
  static boolean isEnd(int passes) {
    return passes == 0 || next(passes - 1) == passes;
  }

  /** The first end after so many passes. */
  private static int next(int passes) {
    if (passes == 0) {
      return 1;
    }
    int power = Integer.highestOneBit(passes);
    int half = power + power / 2;
    return power > 1 && passes < half ? half : 2 * power;
  }

  /**
   * Refuses ranges of passes that no store can hold.
   *
   * @throws UsageException if {@code passes} is not positive, {@code first} negative, or the end
   *     beyond {@link #MOST_PASSES}
   */
  public static void requireRange(int first, int passes) {
    if (passes < 1 || first < 0 || passes > MOST_PASSES - first) {
      throw new UsageException(
          Problem.of("impossible number of gradient passes")
              .at("--gradients")
              .expected("1 to " + MOST_PASSES + ", the first one at 0 or later")
              .found(passes + " from pass " + first));
    }
  }
}
