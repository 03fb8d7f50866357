package io.ablate.tools.command;

import io.ablate.base.Problem;
import io.ablate.base.UsageException;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Amounts of memory for people. */
final class Sizes {
  private static final Pattern SIZE =
      Pattern.compile("(\\d{1,12}(?:\\.\\d{1,6})?) ?([KMGTkmgt]?)(?:i?[Bb])?");
  private static final String[] UNITS = {"B", "KiB", "MiB", "GiB", "TiB"};

  private Sizes() {}

  /**
   * Bytes from a number with an optional unit K, M, G or T, each 1,024 times the one before.
   *
   * @throws UsageException if the text is no positive size
   */
  static long parse(String option, String text) {
    Matcher matcher = SIZE.matcher(text.strip());
    double value = matcher.matches() ? Double.parseDouble(matcher.group(1)) : 0;
    if (value <= 0) {
      throw new UsageException(
          Problem.of("wrong size").at(option).expected("for example 512M or 2G").found(text));
    }
    String unit = matcher.group(2).toUpperCase(Locale.ROOT);
    return (long) (value * Math.pow(1024, unit.isEmpty() ? 0 : 1 + "KMGT".indexOf(unit)));
  }

  /** For example {@code 1.5 GiB}. */
  static String bytes(long bytes) {
    double value = bytes;
    int unit = 0;
    while (value >= 1024 && unit < UNITS.length - 1) {
      value /= 1024;
      unit++;
    }
    return String.format(
        Locale.ROOT, unit == 0 || value >= 100 ? "%.0f %s" : "%.1f %s", value, UNITS[unit]);
  }
}
