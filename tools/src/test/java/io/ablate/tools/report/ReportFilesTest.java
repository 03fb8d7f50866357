package io.ablate.tools.report;

import static org.assertj.core.api.Assertions.assertThat;

import io.ablate.evaluate.ComparisonResult;
import io.ablate.evaluate.CurvePoint;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a report's files say. */
class ReportFilesTest {
  @TempDir Path folder;

  @Test
  void shouldNameNoAddressOutsideThePage() throws IOException {
    ReportFiles.write(folder, ReportSample.content());
    String html = Files.readString(folder.resolve("report.html"));
    assertThat(html.replace(CurveChart.SVG_NAMESPACE, ""))
        .doesNotContain("http")
        .doesNotContain("//");
    assertThat(html).doesNotContain("<script").doesNotContain("@import").doesNotContain("<link");
    assertThat(Pattern.compile("(?:src|href)=\"(?!data:)").matcher(html).find()).isFalse();
  }

  @Test
  void shouldEscapeNamesFromTheModel() throws IOException {
    ReportFiles.write(folder, ReportSample.content());
    assertThat(Files.readString(folder.resolve("report.html")))
        .contains("block&lt;2&gt;&amp;conv[7]")
        .doesNotContain("block<2>");
  }

  @Test
  void shouldDrawTheIntervalsThatAreKnown() throws IOException {
    ReportFiles.write(folder, ReportSample.content());
    String html = Files.readString(folder.resolve("report.html"));
    // One bar on each of four cards: 1.4 ± .49 on a scale that ends at 1.89.
    assertThat(
            Pattern.compile("<path d=\"M310\\.44 9\\.50H354\" stroke[^>]*><title>95 % interval")
                .matcher(html)
                .results())
        .hasSize(4);
    assertThat(Pattern.compile("<title>95 % interval").matcher(html).results()).hasSize(4);
  }

  @Test
  void shouldPutTheFiguresIntoTheHeadlineAndTheTable() throws IOException {
    ReportContent content = ReportSample.content();
    ReportFiles.write(folder, content);
    assertThat(content.table().headline())
        .isEqualTo(
            "For LDS 0.5, COAR needs 1,010 forward passes per example; ridge 524 (−48 %),"
                + " ReLU 612 (−39 %).");
    String html = Files.readString(folder.resolve("report.html"));
    assertThat(html)
        .contains("<tr class=\"headline\"><td>0.5</td><td>1,010")
        .contains("<small class=\"better\">−48 %</small><br><span class=\"ci\">480 – more</span>");
    assertThat(new TargetTable(content.result()).text())
        .isEqualTo(
            """
            LDS            0.1          0.5    0.7
            COAR            60        1,010      –
            ridge  ≤ 50 (±0 %)  524 (−48 %)  1,840
            ReLU    70 (+17 %)  612 (−39 %)      –
            """);
  }

  @Test
  void shouldSetMethodsAgainstBothSolversOfCoar() throws IOException {
    ReportContent content = ReportSample.content();
    ComparisonResult of = content.result();
    Map<String, Map<String, @Nullable Double>> passes = new HashMap<>(of.samplesToTarget());
    passes.put("least-squares-saga", ReportSample.row(82.0, 900.0, 1800.0));
    Map<String, Map<String, @Nullable Double>> exact = new HashMap<>(of.reductionVsLeastSquares());
    exact.put("least-squares-saga", ReportSample.row(1 - 82 / 60.0, 1 - 900 / 1010.0, null));
    Map<String, Map<String, @Nullable Double>> saga = new HashMap<>();
    saga.put("least-squares", ReportSample.row(1 - 60 / 82.0, 1 - 1010 / 900.0, null));
    saga.put("ridge", ReportSample.row(1 - 50 / 82.0, 1 - 524 / 900.0, 1 - 1840 / 1800.0));
    saga.put("relu", ReportSample.row(1 - 70 / 82.0, 1 - 612 / 900.0, null));
    List<CurvePoint> curves = new ArrayList<>(of.curves());
    curves.add(
        new CurvePoint(
            "least-squares-saga",
            50,
            0,
            50,
            null,
            .05,
            new double[] {0, .1},
            .05,
            .1,
            new double[] {.05}));
    ComparisonResult both =
        new ComparisonResult(
            List.of("ridge", "least-squares-saga", "least-squares", "relu"),
            of.samples(),
            of.targets(),
            of.heldOutRows(),
            of.bootstrapDraws(),
            of.bootstrapSeed(),
            curves,
            passes,
            of.samplesToTargetCi(),
            of.samplesToHold(),
            exact,
            of.reductionVsLeastSquaresCi(),
            saga,
            Map.of(),
            of.linearityCeiling(),
            of.manifest());
    TargetTable table = new TargetTable(both);
    assertThat(table.baselines()).containsExactly("COAR", "COAR (SAGA)");
    assertThat(table.text())
        .isEqualTo(
            """
            LDS                         0.1                 0.5              0.7
            COAR                         60               1,010                –
            COAR (SAGA)          82 (+37 %)         900 (−11 %)            1,800
            ridge        ≤ 50 (±0 %, −39 %)  524 (−48 %, −42 %)  1,840 (–, +2 %)
            ReLU          70 (+17 %, −15 %)  612 (−39 %, −32 %)                –
            """);
    assertThat(table.headline()).endsWith("ridge 524 (−48 %, −42 %), ReLU 612 (−39 %, −32 %).");
    ReportFiles.write(
        folder,
        new ReportContent(
            content.subject(),
            content.circumstances(),
            both,
            List.of(),
            content.notes(),
            content.sections()));
    assertThat(Files.readString(folder.resolve("report.html")))
        .contains("and the change against COAR and COAR (SAGA)")
        .contains(
            "<td>524<small class=\"better\">−48 %</small><small class=\"better\">−42 %</small>");
    assertThat(Files.readString(folder.resolve("compare.json")))
        .contains("\"reduction_vs_least_squares_saga\"");
  }

  @Test
  void shouldSayWhereNoTargetWasReached() {
    ComparisonResult reached = ReportSample.content().result();
    ComparisonResult never =
        new ComparisonResult(
            reached.methods(),
            reached.samples(),
            reached.targets(),
            reached.heldOutRows(),
            reached.bootstrapDraws(),
            reached.bootstrapSeed(),
            reached.curves(),
            Map.of(),
            Map.of(),
            Map.of(),
            Map.of(),
            Map.of(),
            Map.of(),
            Map.of(),
            null,
            Map.of());
    assertThat(new TargetTable(never).headline())
        .isEqualTo("No target was reached by COAR within these passes.");
  }

  @Test
  void shouldWriteOneLinePerPoint() throws IOException {
    ReportFiles.write(folder, ReportSample.content());
    List<String> lines = Files.readAllLines(folder.resolve("curves.csv"));
    assertThat(lines).hasSize(1 + 3 * 6);
    assertThat(lines.get(1))
        .isEqualTo("least-squares,50,0,50,,0.080000,0.030000,0.130000,0.090000,0.125");
  }
}
