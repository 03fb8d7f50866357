package io.ablate.nativelib;

import java.util.concurrent.atomic.LongAdder;

/**
 * How often this module has asked for memory outside of Java's heap, in the whole process: a loop
 * over passes must not. Thread-safe.
 */
public final class NativeAllocations {
  private static final LongAdder COUNT = new LongAdder();

  private NativeAllocations() {}

  /** Blocks of memory and objects of libraries, those that are gone included. */
  public static long count() {
    return COUNT.sum();
  }

  /** Counts one more. */
  public static void add() {
    COUNT.increment();
  }
}
