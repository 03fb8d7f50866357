package io.ablate.benchmarks;

/** Refuses to time what computes the wrong thing. */
public final class Check {
  private Check() {}

  public static void that(boolean holds, String what) {
    if (!holds) {
      throw new IllegalStateException("wrong result, not timed: " + what);
    }
  }
}
