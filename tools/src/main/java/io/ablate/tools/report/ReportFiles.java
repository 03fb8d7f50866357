package io.ablate.tools.report;

import io.ablate.base.AtomicFile;
import io.ablate.base.Json;
import io.ablate.evaluate.CurvePoint;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;

/** Writes the files of a comparison into its folder. */
public final class ReportFiles {
  private ReportFiles() {}

  /**
   * Writes {@code compare.json}, {@code curves.csv}, {@code lds-vs-samples.svg}, {@code
   * lds-vs-seconds.svg} where the seconds are known, and {@code report.html}.
   */
  public static void write(Path folder, ReportContent content) {
    AtomicFile.writeString(folder.resolve("curves.csv"), csv(content.result().curves()));
    AtomicFile.writeString(folder.resolve("lds-vs-samples.svg"), content.passesChart().svg());
    content
        .secondsChart()
        .ifPresent(
            chart -> AtomicFile.writeString(folder.resolve("lds-vs-seconds.svg"), chart.svg()));
    AtomicFile.writeString(folder.resolve("report.html"), HtmlReport.render(content));
    Json.write(folder.resolve("compare.json"), content.result());
  }

  /** Writes LDS against passes alone, as a stand-alone SVG document. */
  public static void writeChart(Path file, ReportContent content) {
    AtomicFile.writeString(file, content.passesChart().svg());
  }

  /** The figures as comma-separated values, one line per point. */
  private static String csv(List<CurvePoint> curves) {
    StringBuilder csv =
        new StringBuilder(
            "method,samples,gradient_passes,pass_equivalents,seconds,lds_mean,lds_lo,lds_hi,pearson_mean,fit_seconds\n");
    for (CurvePoint point : curves) {
      csv.append(
          String.format(
              Locale.ROOT,
              "%s,%d,%d,%s,%s,%.6f,%.6f,%.6f,%.6f,%.3f\n",
              point.method(),
              point.samples(),
              point.gradientPasses(),
              Markup.coordinate(point.passEquivalents()),
              point.seconds() == null ? "" : String.format(Locale.ROOT, "%.3f", point.seconds()),
              point.ldsMean(),
              point.ldsCi()[0],
              point.ldsCi()[1],
              point.pearsonMean(),
              point.fitSeconds()));
    }
    return csv.toString();
  }
}
