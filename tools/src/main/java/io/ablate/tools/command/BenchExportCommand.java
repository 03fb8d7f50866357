package io.ablate.tools.command;

import io.ablate.base.Json;
import io.ablate.tools.ConsoleProgress;
import io.ablate.tools.bench.JmhResults;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Figures for a history that is kept elsewhere. */
@Command(
    name = "export",
    sortOptions = false,
    abbreviateSynopsis = true,
    description = {
      "Write results of JMH in the custom format of github-action-benchmark, a list of name, unit"
          + " and value (the mean over forks): what is better the bigger (speeds, LDS), or what is"
          + " better the smaller (times, counts, passes to a target). Figures that are neither, or no"
          + " finite numbers, are left out."
    },
    footer = {"", "Example:  ablate bench export results.json --better smaller > smaller.json"})
final class BenchExportCommand extends Subcommand {
  /** Which way is better. */
  enum Better {
    BIGGER,
    SMALLER
  }

  @Parameters(paramLabel = "RESULTS", description = "JSON of JMH, or a folder of such files.")
  private @Nullable Path results;

  @Option(
      names = "--better",
      paramLabel = "WAY",
      required = true,
      description = "bigger or smaller: a history holds figures of one kind.")
  private Better better = Better.BIGGER;

  /** A figure as github-action-benchmark takes it. */
  record Figure(String name, String unit, double value) {}

  @Override
  void run(ConsoleProgress progress) {
    List<Figure> figures = new ArrayList<>();
    JmhResults.read(Objects.requireNonNull(results))
        .metrics()
        .forEach(
            (name, metric) -> {
              double mean =
                  metric.forks().stream()
                      .mapToDouble(Double::doubleValue)
                      .average()
                      .orElse(Double.NaN);
              if (better == way(metric.kind()) && Double.isFinite(mean)) {
                figures.add(new Figure(name, metric.unit(), mean));
              }
            });
    print(figures, () -> Json.write(figures));
  }

  private static @Nullable Better way(JmhResults.Kind kind) {
    return switch (kind) {
      case THROUGHPUT, LDS -> Better.BIGGER;
      case TIME, COUNT -> Better.SMALLER;
      case OTHER -> null;
    };
  }
}
