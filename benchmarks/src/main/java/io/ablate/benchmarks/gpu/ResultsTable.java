package io.ablate.benchmarks.gpu;

import static io.ablate.benchmarks.gpu.Numbers.text;

import io.ablate.benchmarks.gpu.Results.Check;
import io.ablate.benchmarks.gpu.Results.Measurement;
import io.ablate.benchmarks.gpu.Results.Target;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** The results as Markdown. */
final class ResultsTable {
  private ResultsTable() {}

  static String markdown(
      Map<String, String> about, List<Check> checks, List<Measurement> measurements) {
    StringBuilder text = new StringBuilder("# GPU check\n\n");
    about.forEach((name, value) -> text.append("* ").append(name + ": " + value + "\n"));
    text.append("\n| check | deviation | limit | |\n|---|---|---|---|\n");
    for (Check check : checks) {
      text.append(
          "| %s | %s | %s | %s |\n"
              .formatted(
                  check.what(),
                  check.fault() == null ? text(check.value()) : "–",
                  text(check.limit()),
                  check.passed()
                      ? "ok"
                      : "**failed**" + (check.fault() == null ? "" : ": " + check.fault())));
    }
    text.append(
        "\n| measured | value | unit | at best | share | target | |\n|---|---|---|---|---|---|---|\n");
    measurements.forEach(row -> text.append(line(row)));
    return text.toString();
  }

  private static String line(Measurement row) {
    if (row.fault() != null) {
      return "| %s | – |  | – | – | – | **failed**: %s |\n".formatted(row.what(), row.fault());
    }
    boolean bounded = !Double.isNaN(row.bound());
    List<String> remarks = new ArrayList<>();
    row.details().forEach((name, value) -> remarks.add(name + ": " + text(value)));
    if (!row.note().isEmpty()) {
      remarks.addFirst(row.note());
    }
    return "| %s | %s | %s | %s | %s | %s | %s |\n"
        .formatted(
            row.what(),
            text(row.value()),
            row.unit(),
            bounded ? text(row.bound()) : "–",
            bounded ? String.format(Locale.ROOT, "%.0f %%", 100 * row.value() / row.bound()) : "–",
            target(row),
            String.join("; ", remarks));
  }

  private static String target(Measurement row) {
    Target target = row.target();
    return target == null
        ? "–"
        : (target.atMost() ? "≤ " : "≥ ")
            + text(target.limit())
            + (target.met(row.value()) ? ": met" : ": **not met**");
  }
}
