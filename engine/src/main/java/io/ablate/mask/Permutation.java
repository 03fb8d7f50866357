package io.ablate.mask;

/**
 * Uniform random permutations, a pure function of (seed, stream, index): the shuffle of Fisher and
 * Yates, from the front. Step p exchanges the entries p and p + ⌊u (n − p) / 2⁶⁴⌋, where u has as
 * its upper half word 2(p mod 2) and as its lower half word 2(p mod 2) + 1 of Philox4x32-10 under
 * key (seed low, seed high) at counter (⌊p/2⌋, stream, index low, index high).
 */
final class Permutation {
  private Permutation() {}

  /**
   * A permutation of 0 to n − 1 of which only the beginning has been shuffled.
   *
   * @param stream not 0 or 1, which are those of {@link BernoulliMasks} and {@link GradientMasks}
   * @param shuffled how many entries from the first are a uniform draw without replacement
   */
  static int[] of(long seed, int stream, long index, int n, int shuffled) {
    int[] order = new int[n];
    for (int i = 0; i < n; i++) {
      order[i] = i;
    }
    int[] draws = new int[4];
    for (int p = 0; p < shuffled; p++) {
      int word = 2 * (p & 1);
      if (word == 0) {
        Philox.block(
            p >>> 1,
            stream,
            (int) index,
            (int) (index >>> 32),
            (int) seed,
            (int) (seed >>> 32),
            draws);
      }
      long u = (long) draws[word] << 32 | draws[word + 1] & 0xFFFFFFFFL;
      int other = p + (int) Math.unsignedMultiplyHigh(u, n - p);
      int moved = order[p];
      order[p] = order[other];
      order[other] = moved;
    }
    return order;
  }
}
