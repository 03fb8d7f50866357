package io.ablate.tools.command;

import io.ablate.base.GateFailedException;
import io.ablate.base.Problem;
import io.ablate.base.UsageException;
import io.ablate.tools.ConsoleProgress;
import io.ablate.tools.bench.BenchComparison;
import io.ablate.tools.bench.JmhResults;
import io.ablate.tools.report.TextTable;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Has something become slower, or worse? */
@Command(
    name = "compare",
    sortOptions = false,
    abbreviateSynopsis = true,
    description = {
      "Compare two results of JMH, and exit with 5 where the second is worse: a benchmark slower"
          + " beyond the tolerance with its whole interval, an LDS lower by more than .005, more than"
          + " 2 %% more passes to a target or of anything counted, or a benchmark missing.",
      "Speeds are compared fork by fork, three or more: run base and head in turns, one fork each,"
          + " and give the two folders of their files."
    },
    footer = {"", "Example:  ablate bench compare base.json head.json --tolerance .1"})
final class BenchCompareCommand extends Subcommand {
  @Parameters(
      index = "0",
      paramLabel = "BASE",
      description = "JSON of JMH before a change, or a folder of such files.")
  private @Nullable Path base;

  @Parameters(index = "1", paramLabel = "HEAD", description = "The same after it.")
  private @Nullable Path head;

  @Option(
      names = "--tolerance",
      paramLabel = "SHARE",
      defaultValue = "0.05",
      description = "What a benchmark may lose of its speed (default: 0.05).")
  private double tolerance = 0.05;

  @Override
  void run(ConsoleProgress progress) {
    if (!(tolerance >= 0 && tolerance < 1)) {
      throw new UsageException(
          Problem.of("impossible tolerance")
              .at("--tolerance")
              .expected("a share, 0 to below 1")
              .found(tolerance));
    }
    BenchComparison comparison =
        BenchComparison.of(
            JmhResults.read(Objects.requireNonNull(base)),
            JmhResults.read(Objects.requireNonNull(head)),
            tolerance);
    print(comparison, () -> text(comparison));
    List<String> failures =
        comparison.lines().stream()
            .filter(BenchComparison.Line::fails)
            .map(BenchComparison.Line::name)
            .toList();
    if (!failures.isEmpty()) {
      throw new GateFailedException(
          Problem.of(failures.size() == 1 ? "a benchmark is worse" : "benchmarks are worse")
              .found(String.join("; ", failures)));
    }
  }

  private static String text(BenchComparison comparison) {
    List<List<String>> rows = new ArrayList<>();
    rows.add(List.of("benchmark", "base", "head", "gain", "interval", "verdict"));
    for (BenchComparison.Line line : comparison.lines()) {
      Double low = line.low();
      Double high = line.high();
      rows.add(
          List.of(
              line.name(),
              number(line.base()) + " " + line.unit(),
              number(line.head()),
              number(line.gain()),
              low == null || high == null ? "" : number(low) + " to " + number(high),
              line.verdict().name().toLowerCase(Locale.ROOT)));
    }
    return TextTable.left(rows);
  }

  private static String number(double value) {
    return Double.isNaN(value) ? "–" : String.format(Locale.ROOT, "%.4g", value);
  }
}
