package io.ablate.base;

import java.util.SplittableRandom;

/** Independent random streams by seed and number. */
public final class RandomStreams {
  private RandomStreams() {}

  /**
   * Stream {@code index} of {@code seed}. Both are mixed before they become a state: {@link
   * SplittableRandom} steps its state by a constant, so that seeds that differ by multiples of it
   * would yield one sequence, shifted.
   */
  public static SplittableRandom stream(long seed, long index) {
    long mixed = new SplittableRandom(seed).nextLong() + new SplittableRandom(~index).nextLong();
    return new SplittableRandom(new SplittableRandom(mixed).nextLong());
  }

  /** Shuffles the first {@code count} values (Fisher and Yates). */
  public static void shuffle(int[] values, int count, SplittableRandom random) {
    for (int i = count - 1; i > 0; i--) {
      int at = random.nextInt(i + 1);
      int swapped = values[i];
      values[i] = values[at];
      values[at] = swapped;
    }
  }
}
