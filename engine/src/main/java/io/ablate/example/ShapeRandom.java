package io.ablate.example;

/**
 * Counter-based random numbers (SplitMix64): the draws are a pure function of the key, so that an
 * image needs neither its neighbours nor a stored state.
 */
final class ShapeRandom {
  private static final long GOLDEN = 0x9E3779B97F4A7C15L;

  private long state;

  ShapeRandom(long seed, int stream, long index) {
    state = mix(mix(mix(seed + GOLDEN) + stream) + index);
  }

  /** Uniform in [0, 1). */
  double uniform() {
    state += GOLDEN;
    return (mix(state) >>> 11) * 0x1p-53;
  }

  double uniform(double low, double high) {
    return low + (high - low) * uniform();
  }

  /** Uniform among 0 … n − 1. */
  int below(int n) {
    return (int) (uniform() * n);
  }

  boolean chance(double probability) {
    return uniform() < probability;
  }

  /** Nearly normal with mean 0 and deviation 1: the sum of four uniform numbers. */
  double bell() {
    return (uniform() + uniform() + uniform() + uniform() - 2.0) * 1.7320508075688772;
  }

  private static long mix(long z) {
    z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
    z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
    return z ^ (z >>> 31);
  }
}
