package io.ablate.mask;

/**
 * {@link Philox} for up to {@value #LANES} successive counters at once, one array per output word:
 * the compiler makes vectors of the loops over lanes, which a loop over counters denies it. A word
 * is held in a long, whose upper half is undefined. Not thread-safe.
 */
final class PhiloxLanes {
  static final int LANES = 128;

  private static final long LOW = 0xFFFFFFFFL;

  private final long[] x0 = new long[LANES];
  private final long[] x1 = new long[LANES];
  private final long[] x2 = new long[LANES];
  private final long[] x3 = new long[LANES];
  private int count;

  /**
   * Draws at the counters (first + lane, c1, low half of {@code index}, its upper half).
   *
   * @param lanes how many
   */
  void draw(int first, int lanes, int c1, long index, long key) {
    count = lanes;
    for (int lane = 0; lane < lanes; lane++) {
      x0[lane] = (long) first + lane;
      x1[lane] = c1;
      x2[lane] = index;
      x3[lane] = index >>> 32;
    }
    int k0 = (int) key;
    int k1 = (int) (key >>> 32);
    for (int round = 0; round < Philox.ROUNDS; round++) {
      round(k0 & LOW, k1 & LOW, lanes);
      k0 += Philox.W0;
      k1 += Philox.W1;
    }
  }

  private void round(long k0, long k1, int lanes) {
    for (int lane = 0; lane < lanes; lane++) {
      long p0 = Philox.M0 * (x0[lane] & LOW);
      long p1 = Philox.M1 * (x2[lane] & LOW);
      x0[lane] = p1 >>> 32 ^ x1[lane] ^ k0;
      x1[lane] = p1;
      x2[lane] = p0 >>> 32 ^ x3[lane] ^ k1;
      x3[lane] = p0;
    }
  }

  /** Replaces the draws: bit w of a lane's {@link #bits} tells whether word w is below. */
  void compare(long threshold) {
    int lanes = count;
    for (int lane = 0; lane < lanes; lane++) {
      x0[lane] =
          (x0[lane] & LOW) - threshold >>> 63
              | (x1[lane] & LOW) - threshold >>> 63 << 1
              | (x2[lane] & LOW) - threshold >>> 63 << 2
              | (x3[lane] & LOW) - threshold >>> 63 << 3;
    }
  }

  /** Bits of 16 lanes from {@code lane}, four of each. */
  long bits(int lane) {
    long word = 0;
    for (int i = 0; i < 16; i++) {
      word |= x0[lane + i] << 4 * i;
    }
    return word;
  }
}
