package io.ablate.benchmarks.gpu;

import io.ablate.base.AblateException;
import io.ablate.base.AtomicFile;
import io.ablate.base.Json;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.DoubleSupplier;
import org.jspecify.annotations.Nullable;

/** Collects checks and measurements, tells of each as it comes, and writes them as one table. */
final class Results {
  /**
   * @param what was compared
   * @param value the largest deviation; NaN if the check could not be done
   * @param limit up to which it passes
   * @param fault why it could not be done; null if it was
   */
  record Check(String what, double value, double limit, boolean passed, @Nullable String fault) {}

  /**
   * @param value median
   * @param bound what the machine can do at best, in the same unit; NaN where none is known
   * @param note what the value leaves open; empty if nothing
   */
  record Measurement(String what, double value, String unit, double bound, String note) {}

  private final Map<String, String> about;
  private final List<Check> checks = new ArrayList<>();
  private final List<Measurement> measurements = new ArrayList<>();

  Results(Map<String, String> about) {
    this.about = new LinkedHashMap<>(about);
  }

  /** A deviation that must stay within a limit. A failing computation is a failed check. */
  void check(String what, double limit, DoubleSupplier deviation) {
    Check check;
    try {
      double value = deviation.getAsDouble();
      check = new Check(what, value, limit, value <= limit, null);
    } catch (AblateException | IllegalStateException e) {
      check = new Check(what, Double.NaN, limit, false, String.valueOf(e.getMessage()));
    }
    checks.add(check);
    System.err.println(
        (check.passed() ? "ok      " : "FAILED  ")
            + what
            + ": "
            + (check.fault() == null ? number(check.value()) : check.fault()));
  }

  void measure(String what, double value, String unit, double bound, String note) {
    measurements.add(new Measurement(what, value, unit, bound, note));
    System.err.println("        " + what + ": " + number(value) + " " + unit);
  }

  /** Work that measures; where it fails, for lack of memory say, the table says so instead. */
  void attempt(String what, Runnable work) {
    try {
      work.run();
    } catch (AblateException | IllegalStateException e) {
      measurements.add(
          new Measurement(what, Double.NaN, "", Double.NaN, String.valueOf(e.getMessage())));
      System.err.println("        " + what + ": " + e.getMessage());
    }
  }

  boolean passed() {
    return checks.stream().allMatch(Check::passed);
  }

  /** Writes {@code gpu-check.json} and {@code gpu-check.md}. */
  void write(Path folder) {
    Map<String, Object> all = new LinkedHashMap<>();
    all.put("about", about);
    all.put("passed", passed());
    all.put("checks", checks);
    all.put("measurements", measurements);
    Json.write(folder.resolve("gpu-check.json"), all);
    AtomicFile.writeString(folder.resolve("gpu-check.md"), markdown());
  }

  String markdown() {
    StringBuilder text = new StringBuilder("# GPU check\n\n");
    about.forEach((name, value) -> text.append("* ").append(name + ": " + value + "\n"));
    text.append("\n| check | deviation | limit | |\n|---|---|---|---|\n");
    for (Check check : checks) {
      text.append(
          "| %s | %s | %s | %s |\n"
              .formatted(
                  check.what(),
                  check.fault() == null ? number(check.value()) : "–",
                  number(check.limit()),
                  check.passed()
                      ? "ok"
                      : "**failed**" + (check.fault() == null ? "" : ": " + check.fault())));
    }
    text.append("\n| measured | value | unit | at best | share | |\n|---|---|---|---|---|---|\n");
    for (Measurement measured : measurements) {
      boolean bounded = !Double.isNaN(measured.bound());
      text.append(
          "| %s | %s | %s | %s | %s | %s |\n"
              .formatted(
                  measured.what(),
                  number(measured.value()),
                  measured.unit(),
                  bounded ? number(measured.bound()) : "–",
                  bounded
                      ? String.format(
                          Locale.ROOT, "%.0f %%", 100 * measured.value() / measured.bound())
                      : "–",
                  measured.note()));
    }
    return text.toString();
  }

  private static String number(double value) {
    if (Double.isNaN(value)) {
      return "–";
    }
    return Math.abs(value) >= 1000
        ? String.format(Locale.ROOT, "%,.0f", value)
        : String.format(Locale.ROOT, "%.3g", value);
  }
}
