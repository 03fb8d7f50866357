package io.ablate.estimate;

/**
 * Sums of what units hold. Every loop reads and writes its arrays at one index, which is what the
 * compiler makes vectors of; sums are taken in the order given.
 */
final class UnitLanes {
  private UnitLanes() {}

  static void add(float[] target, float[] other) {
    for (int k = 0; k < target.length; k++) {
      target[k] += other[k];
    }
  }

  /** Adds the rows that {@code which} names. */
  static void add(float[] target, float[][] rows, int[] which) {
    int i = 0;
    for (; i + 4 <= which.length; i += 4) {
      add(target, rows[which[i]], rows[which[i + 1]], rows[which[i + 2]], rows[which[i + 3]]);
    }
    for (; i < which.length; i++) {
      add(target, rows[which[i]]);
    }
  }

  /** Four at a time, so that the target is read and written once for them. */
  private static void add(float[] target, float[] a, float[] b, float[] c, float[] d) {
    for (int k = 0; k < target.length; k++) {
      target[k] = target[k] + a[k] + b[k] + c[k] + d[k];
    }
  }
}
