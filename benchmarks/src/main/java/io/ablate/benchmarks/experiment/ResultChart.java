package io.ablate.benchmarks.experiment;

import io.ablate.tools.report.ReportContent;
import io.ablate.tools.report.ReportFiles;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;

/** Draws a result as {@code ablate compare} draws its own. */
final class ResultChart {
  private ResultChart() {}

  /** Draws {@code NAME.svg} beside {@code NAME.json}, from nothing but that file. */
  static Path draw(Path resultFile) {
    Result result = Result.read(resultFile);
    Result.Collected collected = result.collected();
    String circumstances =
        String.format(
            Locale.ROOT,
            "%,d components · %d examples · output %s · %s · %,d held-out masks",
            collected.components(),
            collected.labels().size(),
            result.output(),
            result.design(),
            collected.heldOut());
    ReportContent content =
        new ReportContent(
            result.experiment(),
            circumstances,
            result.comparison(),
            List.of(),
            result.notes(),
            List.of());
    String name = resultFile.getFileName().toString().replaceFirst("\\.json$", "");
    Path chart = resultFile.resolveSibling(name + ".svg");
    ReportFiles.writeChart(chart, content);
    return chart;
  }
}
