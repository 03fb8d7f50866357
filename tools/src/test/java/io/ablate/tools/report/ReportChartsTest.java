package io.ablate.tools.report;

import static org.assertj.core.api.Assertions.assertThat;

import io.ablate.evaluate.CurvePoint;
import java.io.IOException;
import java.io.StringReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalDouble;
import java.util.regex.Pattern;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.xml.sax.InputSource;

/** The charts of a report: which curves they draw, and what they write beside them. */
class ReportChartsTest {
  @TempDir Path folder;

  @Test
  void shouldDrawOneSeriesPerMethod() throws Exception {
    ReportFiles.write(folder, ReportSample.content());
    String svg = Files.readString(folder.resolve("lds-vs-samples.svg"));
    assertThat(
            DocumentBuilderFactory.newInstance()
                .newDocumentBuilder()
                .parse(new InputSource(new StringReader(svg)))
                .getDocumentElement()
                .getTagName())
        .isEqualTo("svg");
    assertThat(series(svg)).isEqualTo(ReportSample.METHODS);
    assertThat(series(Files.readString(folder.resolve("report.html"))))
        .isEqualTo(ReportSample.METHODS);
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
    ReportFiles.write(folder, ReportSample.content());
    assertThat(folder.resolve("lds-vs-seconds.svg")).doesNotExist();
    ReportContent content = ReportSample.content();
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
            ReportSample.withCurves(content.result(), timed),
            content.cards(),
            content.notes(),
            content.sections());
    ReportFiles.write(folder, measured);
    String svg = Files.readString(folder.resolve("lds-vs-seconds.svg"));
    assertThat(svg).contains("seconds to collect and to fit", "0.63 seconds", ">10<");
    List<String> twice = new ArrayList<>(ReportSample.METHODS);
    twice.addAll(ReportSample.METHODS);
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

  private static List<String> series(String markup) {
    return Pattern.compile("data-method=\"([^\"]*)\"")
        .matcher(markup)
        .results()
        .map(m -> m.group(1))
        .toList();
  }
}
