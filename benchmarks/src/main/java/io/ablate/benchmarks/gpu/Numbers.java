package io.ablate.benchmarks.gpu;

import java.util.List;
import java.util.Locale;

/** Figures for people, the middle one of several, and rates. */
final class Numbers {
  private Numbers() {}

  /** Three digits; a dash for NaN. */
  static String text(double value) {
    if (Double.isNaN(value)) {
      return "–";
    }
    return Math.abs(value) >= 1000
        ? String.format(Locale.ROOT, "%,.0f", value)
        : String.format(Locale.ROOT, "%.3g", value);
  }

  static double median(List<Double> values) {
    return values.stream().sorted().toList().get(values.size() / 2);
  }

  /** Passes per second of batches, one after the other for so long. */
  static double rate(Runnable batch, int rows, double seconds) {
    long start = System.nanoTime();
    long passes = 0;
    double elapsed;
    do {
      batch.run();
      passes += rows;
      elapsed = (System.nanoTime() - start) * 1e-9;
    } while (elapsed < seconds);
    return passes / elapsed;
  }
}
