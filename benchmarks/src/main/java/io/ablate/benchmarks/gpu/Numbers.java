package io.ablate.benchmarks.gpu;

import java.util.List;
import java.util.Locale;

/** Figures for people, and the middle one of several. */
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
}
