package io.ablate.benchmarks;

import ai.onnxruntime.OrtException;
import java.util.Arrays;

/**
 * The speeds of two kinds of passes that take turns within one process, in slices of a quarter of a
 * second. A kind's speed is that over all its slices: other work on the machine comes in bursts and
 * takes the same share of the time of both, while the fastest slices, or the median, favour the
 * kind whose runs are short enough to fall between two bursts. The spread turn by turn tells how
 * busy the machine was.
 *
 * @param first passes per second over all slices
 * @param second the same of the other kind
 * @param low lower quartile of second by first, turn by turn
 * @param median of the same
 * @param high upper quartile
 * @param fastest the same of the fastest single runs: the undisturbed ratio on a busy machine, if
 *     the runs are short enough that some meet no burst
 */
record Interleaved(
    double first, double second, double low, double median, double high, double fastest) {
  private static final long SLICE_NANOS = 250_000_000;

  /** Speed of the second by that of the first. */
  double ratio() {
    return second / first;
  }

  /** One run of a batch. */
  interface Pass {
    void run() throws OrtException;
  }

  /**
   * Times both.
   *
   * @param batch passes per run
   * @param rounds number of turns
   */
  static Interleaved measure(Pass one, Pass two, int batch, int rounds) throws OrtException {
    Speed first = new Speed(one, batch);
    Speed second = new Speed(two, batch);
    double[] ratio = new double[rounds];
    first.slice();
    second.slice();
    first.reset();
    second.reset();
    for (int i = 0; i < rounds; i++) {
      // Who goes first alternates, so that neither gains from a drift.
      boolean inOrder = i % 2 == 0;
      double before = inOrder ? first.slice() : 0;
      double of = second.slice();
      ratio[i] = of / (inOrder ? before : first.slice());
    }
    return new Interleaved(
        first.mean(),
        second.mean(),
        quantile(ratio, 0.25),
        quantile(ratio, 0.5),
        quantile(ratio, 0.75),
        first.fastest() / second.fastest());
  }

  private static double quantile(double[] values, double q) {
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    return sorted[(int) Math.round(q * (sorted.length - 1))];
  }

  /** One kind of passes. */
  private static final class Speed {
    private final Pass pass;
    private final int batch;
    private long passes;
    private long nanos;
    private long fastest = Long.MAX_VALUE;

    Speed(Pass pass, int batch) {
      this.pass = pass;
      this.batch = batch;
    }

    void reset() {
      passes = 0;
      nanos = 0;
    }

    /** Passes per second of one slice. */
    double slice() throws OrtException {
      long start = System.nanoTime();
      long done = 0;
      long elapsed;
      long before = start;
      do {
        pass.run();
        done += batch;
        long now = System.nanoTime();
        fastest = Math.min(fastest, now - before);
        before = now;
        elapsed = now - start;
      } while (elapsed < SLICE_NANOS);
      passes += done;
      nanos += elapsed;
      return done * 1e9 / elapsed;
    }

    /** Nanoseconds of the fastest run. */
    double fastest() {
      return fastest;
    }

    /** Passes per second. */
    double mean() {
      return passes * 1e9 / nanos;
    }
  }
}
