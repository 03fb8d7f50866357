package io.ablate.tools.report;

import static org.assertj.core.api.Assertions.assertThat;

import io.ablate.evaluate.ComparisonResult;
import io.ablate.evaluate.CurvePoint;
import io.ablate.evaluate.LinearityCeiling;
import io.ablate.tools.report.ExampleCard.Contribution;
import io.ablate.tools.report.ReportContent.Entry;
import io.ablate.tools.report.ReportContent.Section;
import java.io.IOException;
import java.io.StringReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.regex.Pattern;
import javax.xml.parsers.DocumentBuilderFactory;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.xml.sax.InputSource;

class ReportFilesTest {
  private static final List<String> METHODS = List.of("least-squares", "ridge", "relu");

  @TempDir Path folder;

  @Test
  void shouldDrawOneSeriesPerMethod() throws Exception {
    ReportFiles.write(folder, content());
    String svg = Files.readString(folder.resolve("lds-vs-samples.svg"));
    assertThat(
            DocumentBuilderFactory.newInstance()
                .newDocumentBuilder()
                .parse(new InputSource(new StringReader(svg)))
                .getDocumentElement()
                .getTagName())
        .isEqualTo("svg");
    assertThat(series(svg)).isEqualTo(METHODS);
    assertThat(series(Files.readString(folder.resolve("report.html")))).isEqualTo(METHODS);
  }

  @Test
  void shouldNameNoAddressOutsideThePage() throws IOException {
    ReportFiles.write(folder, content());
    String html = Files.readString(folder.resolve("report.html"));
    assertThat(html.replace(CurveChart.SVG_NAMESPACE, ""))
        .doesNotContain("http")
        .doesNotContain("//");
    assertThat(html).doesNotContain("<script").doesNotContain("@import").doesNotContain("<link");
    assertThat(Pattern.compile("(?:src|href)=\"(?!data:)").matcher(html).find()).isFalse();
  }

  @Test
  void shouldEscapeNamesFromTheModel() throws IOException {
    ReportFiles.write(folder, content());
    assertThat(Files.readString(folder.resolve("report.html")))
        .contains("block&lt;2&gt;&amp;conv[7]")
        .doesNotContain("block<2>");
  }

  @Test
  void shouldDrawTheIntervalsThatAreKnown() throws IOException {
    ReportFiles.write(folder, content());
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
    ReportContent content = content();
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
    ReportContent content = content();
    ComparisonResult of = content.result();
    Map<String, Map<String, @Nullable Double>> passes = new HashMap<>(of.samplesToTarget());
    passes.put("least-squares-saga", row(82.0, 900.0, 1800.0));
    Map<String, Map<String, @Nullable Double>> exact = new HashMap<>(of.reductionVsLeastSquares());
    exact.put("least-squares-saga", row(1 - 82 / 60.0, 1 - 900 / 1010.0, null));
    Map<String, Map<String, @Nullable Double>> saga = new HashMap<>();
    saga.put("least-squares", row(1 - 60 / 82.0, 1 - 1010 / 900.0, null));
    saga.put("ridge", row(1 - 50 / 82.0, 1 - 524 / 900.0, 1 - 1840 / 1800.0));
    saga.put("relu", row(1 - 70 / 82.0, 1 - 612 / 900.0, null));
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
    ComparisonResult reached = content().result();
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
    ReportFiles.write(folder, content());
    List<String> lines = Files.readAllLines(folder.resolve("curves.csv"));
    assertThat(lines).hasSize(1 + 3 * 6);
    assertThat(lines.get(1))
        .isEqualTo("least-squares,50,0,50,,0.080000,0.030000,0.130000,0.090000,0.125");
  }

  @Test
  void shouldDrawACurveOfASinglePoint() {
    MethodStyle style = MethodStyle.of("ridge", 0);
    String svg =
        new CurveChart(
                "passes",
                "passes",
                List.of(
                    new CurveChart.Series(
                        "ridge", style, List.of(new CurveChart.Point(100, -.05, -.1, 0)))),
                OptionalDouble.empty())
            .svg();
    assertThat(svg).doesNotContain("NaN").doesNotContain("Infinity").contains("<circle");
  }

  @Test
  void shouldDrawLdsAgainstSecondsWhereTheyAreKnown() throws IOException {
    ReportFiles.write(folder, content());
    assertThat(folder.resolve("lds-vs-seconds.svg")).doesNotExist();
    ReportContent content = content();
    List<CurvePoint> timed =
        content.result().curves().stream()
            .map(
                p ->
                    new CurvePoint(
                        p.method(),
                        p.samples(),
                        8,
                        p.samples() + 18.4,
                        .0125 * p.samples(),
                        p.ldsMean(),
                        p.ldsCi(),
                        p.pearsonMean(),
                        p.fitSeconds(),
                        p.ldsPerExample()))
            .toList();
    ReportContent measured =
        new ReportContent(
            content.subject(),
            content.circumstances(),
            withCurves(content.result(), timed),
            content.cards(),
            content.notes(),
            content.sections());
    ReportFiles.write(folder, measured);
    String svg = Files.readString(folder.resolve("lds-vs-seconds.svg"));
    assertThat(svg).contains("seconds to collect and to fit", "0.63 seconds", ">10<");
    List<String> twice = new ArrayList<>(METHODS);
    twice.addAll(METHODS);
    String html = Files.readString(folder.resolve("report.html"));
    assertThat(series(html)).isEqualTo(twice);
    assertThat(html).contains("LDS against pass equivalents", "Pass equivalents needed");
    assertThat(Files.readAllLines(folder.resolve("curves.csv")).get(1))
        .startsWith("least-squares,50,8,68.40,0.625,");
  }

  @Test
  void shouldBreakTheLegendWhereItIsTooLongForOneLine() {
    List<CurveChart.Series> many = new ArrayList<>();
    for (int i = 0; i < 7; i++) {
      many.add(
          new CurveChart.Series(
              "m" + i,
              new MethodStyle("a method of some length", "#000", "", MethodStyle.Marker.CIRCLE),
              List.of(new CurveChart.Point(1 + i, .1, 0, .2))));
    }
    String svg = new CurveChart("passes", "passes", many, OptionalDouble.empty()).svg();
    List<Double> ends =
        Pattern.compile(
                "<text x=\"([0-9.]+)\"[^>]*text-anchor=\"start\"[^>]*>a method of some length<")
            .matcher(svg)
            .results()
            .map(m -> Double.valueOf(m.group(1)))
            .toList();
    assertThat(ends).hasSize(7).allMatch(x -> x < 600);
  }

  private static ComparisonResult withCurves(ComparisonResult of, List<CurvePoint> curves) {
    return new ComparisonResult(
        of.methods(),
        of.samples(),
        of.targets(),
        of.heldOutRows(),
        of.bootstrapDraws(),
        of.bootstrapSeed(),
        curves,
        of.samplesToTarget(),
        of.samplesToTargetCi(),
        of.samplesToHold(),
        of.reductionVsLeastSquares(),
        of.reductionVsLeastSquaresCi(),
        of.reductionVsLeastSquaresSaga(),
        of.reductionVsLeastSquaresSagaCi(),
        of.linearityCeiling(),
        of.manifest());
  }

  private static List<String> series(String markup) {
    return Pattern.compile("data-method=\"([^\"]*)\"")
        .matcher(markup)
        .results()
        .map(m -> m.group(1))
        .toList();
  }

  static ReportContent content() {
    double[][] lds = {
      {.08, .18, .31, .43, .02, .66}, {.10, .22, .36, .49, .62, .71}, {.07, .17, .33, .46, .60, .69}
    };
    int[] samples = {50, 100, 200, 400, 672, 1344};
    List<CurvePoint> curves = new ArrayList<>();
    for (int m = 0; m < METHODS.size(); m++) {
      for (int i = 0; i < samples.length; i++) {
        double value = lds[m][i];
        curves.add(
            new CurvePoint(
                METHODS.get(m),
                samples[i],
                0,
                samples[i],
                null,
                value,
                new double[] {value - .05, value + .05},
                value + .01,
                .125,
                new double[] {value}));
      }
    }
    Map<String, Map<String, @Nullable Double>> passes = new HashMap<>();
    Map<String, Map<String, @Nullable Double>> reductions = new HashMap<>();
    passes.put("least-squares", row(60.0, 1010.0, null));
    passes.put("ridge", row(50.0, 524.0, 1840.0));
    passes.put("relu", row(70.0, 612.0, null));
    reductions.put("ridge", row(0.0, 1 - 524 / 1010.0, null));
    reductions.put("relu", row(1 - 70 / 60.0, 1 - 612 / 1010.0, null));
    Map<String, Map<String, @Nullable Double @Nullable []>> intervals = new HashMap<>();
    Map<String, @Nullable Double @Nullable []> ofRidge = new HashMap<>();
    ofRidge.put("0.5", new @Nullable Double[] {480.0, null});
    intervals.put("ridge", ofRidge);
    ComparisonResult result =
        new ComparisonResult(
            List.of("ridge", "least-squares", "relu"),
            samples,
            new double[] {.1, .5, .7},
            new int[] {1344, 2144},
            1000,
            0,
            curves,
            passes,
            intervals,
            Map.of(),
            reductions,
            Map.of(),
            Map.of(),
            Map.of(),
            new LinearityCeiling(.78, new double[] {.7, .8}, new double[] {.78}),
            Map.of());
    List<ExampleCard> cards = new ArrayList<>();
    for (int e = 0; e < 4; e++) {
      Map<String, Double> scores = new LinkedHashMap<>();
      METHODS.forEach(method -> scores.put(method, .7));
      List<Contribution> bars = new ArrayList<>();
      for (int i = 0; i < 5; i++) {
        double standardError = i == 0 ? .25 : 0;
        bars.add(new Contribution("stage1.block0.conv2[" + i + "]", 1.4 - .2 * i, standardError));
      }
      for (int i = 0; i < 5; i++) {
        bars.add(
            new Contribution(
                i == 0 ? "block<2>&conv[7]" : "stage2.conv1[" + i + "]", -.3 - .2 * i));
      }
      cards.add(
          new ExampleCard(
              "example " + e,
              "triangle",
              "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAIAAAACCAIAAAD91JpzAAAAEElEQVR4nGM4"
                  + "IcIARAwQCgAcWAMVGpM2cgAAAABJRU5ErkJggg==",
              List.of("margin 4.12 unablated", "1.73 ± 2.10 under the masks"),
              scores,
              "ridge",
              bars));
    }
    return new ReportContent(
        "shapes-resnet · bundled data",
        "672 components · 8 examples · keep 0.9 · margin · 800 held-out masks",
        result,
        cards,
        List.of("Least squares is not monotone near m = n: there its error peaks."),
        List.of(
            new Section(
                "Run", List.of(new Entry("seed", "0"), new Entry("ablation", "zero-weights"))),
            new Section("Versions", List.of(new Entry("ONNX Runtime", "1.29.0")))));
  }

  private static Map<String, @Nullable Double> row(
      @Nullable Double first, @Nullable Double second, @Nullable Double third) {
    Map<String, @Nullable Double> row = new LinkedHashMap<>();
    row.put("0.1", first);
    row.put("0.5", second);
    row.put("0.7", third);
    return row;
  }
}
