package io.ablate.benchmarks.gpu;

import com.fasterxml.jackson.annotation.JsonInclude;
import io.ablate.base.AtomicFile;
import io.ablate.base.Json;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.function.DoubleSupplier;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Collects checks and measurements, tells of each as it comes, and writes them as one table, again
 * and again: what was measured is kept if a run is cut off.
 */
final class Results {
  private static final long SAVE_EVERY = 500_000_000L;

  /**
   * @param part of the run
   * @param what was compared
   * @param value the largest deviation; NaN if the check could not be done
   * @param limit up to which it passes
   * @param fault why it could not be done; null if it was
   */
  record Check(
      String part,
      String what,
      double value,
      double limit,
      boolean passed,
      @Nullable String fault) {}

  /**
   * What was aimed at.
   *
   * @param limit in the unit of the value
   * @param atMost whether the value may be that at most, and not at least
   */
  record Target(double limit, boolean atMost) {
    static Target atLeast(double limit) {
      return new Target(limit, false);
    }

    static Target atMost(double limit) {
      return new Target(limit, true);
    }

    boolean met(double value) {
      return atMost ? value <= limit : value >= limit;
    }
  }

  /**
   * @param part of the run
   * @param value median
   * @param bound what the machine can do at best, in the same unit; NaN where none is known
   * @param target null where there is none
   * @param met whether the value is what was aimed at; null where nothing was
   * @param note what the value leaves open; empty if nothing
   * @param details further figures by name and unit
   * @param fault why it could not be measured; null if it was
   */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  record Measurement(
      String part,
      String what,
      double value,
      String unit,
      double bound,
      @Nullable Target target,
      @Nullable Boolean met,
      String note,
      Map<String, Double> details,
      @Nullable String fault) {

    Measurement(String what, double value, String unit, String note) {
      this("", what, value, unit, Double.NaN, null, null, note, Map.of(), null);
    }

    Measurement bound(double best) {
      return new Measurement(part, what, value, unit, best, target, met, note, details, fault);
    }

    Measurement target(Target aim) {
      return new Measurement(
          part, what, value, unit, bound, aim, aim.met(value), note, details, fault);
    }

    Measurement detail(String name, double figure) {
      Map<String, Double> more = new LinkedHashMap<>(details);
      more.put(name, figure);
      return new Measurement(part, what, value, unit, bound, target, met, note, more, fault);
    }

    private Measurement in(String ofPart) {
      return new Measurement(ofPart, what, value, unit, bound, target, met, note, details, fault);
    }

    private static Measurement failed(String part, String what, String fault) {
      return new Measurement(
          part, what, Double.NaN, "", Double.NaN, null, null, "", Map.of(), fault);
    }
  }

  private final Map<String, String> about;
  private final @Nullable Path folder;
  private final List<Check> checks = new ArrayList<>();
  private final List<Measurement> measurements = new ArrayList<>();
  private String part = "";
  private long saved = System.nanoTime() - SAVE_EVERY;

  /**
   * @param folder to write to as results come; null to keep them in memory
   */
  Results(Map<String, String> about, @Nullable Path folder) {
    this.about = new LinkedHashMap<>(about);
    this.folder = folder;
  }

  /** A part of the run. Where it fails, a row says why, and the next part can follow. */
  void part(String name, Runnable work) {
    part = name;
    System.err.println("--      " + name);
    long start = System.nanoTime();
    attempt("part " + name, work);
    about.put("seconds of part " + name, Numbers.text((System.nanoTime() - start) * 1e-9));
    save();
  }

  /** A deviation that must stay within a limit. A failing computation is a failed check. */
  void check(String what, double limit, DoubleSupplier deviation) {
    Check check;
    try {
      double value = deviation.getAsDouble();
      check = new Check(part, what, value, limit, value <= limit, null);
    } catch (RuntimeException | LinkageError | OutOfMemoryError e) {
      check = new Check(part, what, Double.NaN, limit, false, message(e));
    }
    checks.add(check);
    System.err.println(
        (check.passed() ? "ok      " : "FAILED  ")
            + what
            + ": "
            + (check.fault() == null ? Numbers.text(check.value()) : check.fault()));
    saveNowAndThen();
  }

  /** Adds a row. */
  void measured(Measurement measurement) {
    measurements.add(measurement.in(part));
    System.err.println(
        "        %s: %s %s"
            .formatted(measurement.what(), Numbers.text(measurement.value()), measurement.unit()));
    saveNowAndThen();
  }

  /**
   * Work that measures; where it fails, for lack of memory say, a row says so, and the run as a
   * whole has failed.
   */
  void attempt(String what, Runnable work) {
    try {
      work.run();
    } catch (RuntimeException | LinkageError | OutOfMemoryError e) {
      measurements.add(Measurement.failed(part, what, message(e)));
      System.err.println("FAILED  " + what + ": " + message(e));
      saveNowAndThen();
    }
  }

  private static String message(Throwable fault) {
    String said = fault.getMessage();
    return said == null ? fault.toString() : said.replace('\n', ' ');
  }

  /** The value of a row; empty where there is none of that name. */
  OptionalDouble value(String what) {
    return values(row -> row.what().equals(what));
  }

  /** The value of the first row whose name begins so; empty where there is none. */
  OptionalDouble valueBeginning(String what) {
    return values(row -> row.what().startsWith(what));
  }

  private OptionalDouble values(Predicate<Measurement> which) {
    return measurements.stream()
        .filter(row -> row.fault() == null)
        .filter(which)
        .mapToDouble(Measurement::value)
        .findFirst();
  }

  /** Whether every check passed and everything asked for could be measured. */
  boolean passed() {
    return checks.stream().allMatch(Check::passed)
        && measurements.stream().allMatch(row -> row.fault() == null);
  }

  private void saveNowAndThen() {
    if (System.nanoTime() - saved > SAVE_EVERY) {
      save();
    }
  }

  /** Writes {@code gpu-check.json} and {@code gpu-check.md}, each atomically. */
  void save() {
    if (folder == null) {
      return;
    }
    saved = System.nanoTime();
    Map<String, Object> all = new LinkedHashMap<>();
    all.put("about", about);
    all.put("passed", passed());
    all.put("checks", checks);
    all.put("measurements", measurements);
    Json.write(folder.resolve("gpu-check.json"), all);
    AtomicFile.writeString(folder.resolve("gpu-check.md"), markdown());
  }

  String markdown() {
    return ResultsTable.markdown(about, checks, measurements);
  }
}
