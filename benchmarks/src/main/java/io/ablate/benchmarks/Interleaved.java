package io.ablate.benchmarks;

import ai.onnxruntime.OrtException;
import java.util.Arrays;

/**
 * The speeds of two kinds of passes that take turns within one process, in slices of a tenth of a
 * second. The median over the turns counts: so the ratio holds on a busy machine too.
 *
 * @param first median passes per second
 * @param second median passes per second
 * @param ratio median of second by first, turn by turn
 * @param low lower quartile of the ratio
 * @param high upper quartile
 */
record Interleaved(double first, double second, double ratio, double low, double high) {
  private static final long SLICE_NANOS = 100_000_000;

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
  static Interleaved measure(Pass one, Pass other, int batch, int rounds) throws OrtException {
    double[] first = new double[rounds];
    double[] second = new double[rounds];
    double[] ratio = new double[rounds];
    passesPerSecond(one, batch);
    passesPerSecond(other, batch);
    for (int i = 0; i < rounds; i++) {
      // Who goes first alternates, so that neither gains from a drift.
      if (i % 2 == 0) {
        first[i] = passesPerSecond(one, batch);
        second[i] = passesPerSecond(other, batch);
      } else {
        second[i] = passesPerSecond(other, batch);
        first[i] = passesPerSecond(one, batch);
      }
      ratio[i] = second[i] / first[i];
    }
    return new Interleaved(
        quantile(first, 0.5),
        quantile(second, 0.5),
        quantile(ratio, 0.5),
        quantile(ratio, 0.25),
        quantile(ratio, 0.75));
  }

  private static double passesPerSecond(Pass pass, int batch) throws OrtException {
    long start = System.nanoTime();
    long passes = 0;
    long elapsed;
    do {
      pass.run();
      passes += batch;
      elapsed = System.nanoTime() - start;
    } while (elapsed < SLICE_NANOS);
    return passes * 1e9 / elapsed;
  }

  private static double quantile(double[] values, double q) {
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    return sorted[(int) Math.round(q * (sorted.length - 1))];
  }
}
