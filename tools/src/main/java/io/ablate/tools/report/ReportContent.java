package io.ablate.tools.report;

import io.ablate.evaluate.ComparisonResult;
import io.ablate.evaluate.CurvePoint;
import io.ablate.evaluate.LinearityCeiling;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.function.ToDoubleFunction;
import org.jspecify.annotations.Nullable;

/**
 * Everything that the files of a comparison show.
 *
 * @param subject model and data in one line
 * @param circumstances what was measured: components, examples, masks
 * @param result the figures
 * @param cards one per example
 * @param notes what the reader must know to judge the figures
 * @param sections further tables of names and values: settings, backends, versions
 */
public record ReportContent(
    String subject,
    String circumstances,
    ComparisonResult result,
    List<ExampleCard> cards,
    List<String> notes,
    List<Section> sections) {

  /** A titled table of names and values. */
  public record Section(String title, List<Entry> entries) {}

  /** One line of a section. */
  public record Entry(String name, String value) {}

  TargetTable table() {
    return new TargetTable(result);
  }

  /** LDS against passes. */
  CurveChart passesChart() {
    return chart(
        "ablated " + table().unit() + " per example",
        "ablated " + table().unit(),
        CurvePoint::passEquivalents);
  }

  /** LDS against the seconds of collecting and fitting; empty where they are unknown. */
  Optional<CurveChart> secondsChart() {
    return result.curves().stream().allMatch(point -> point.seconds() != null)
        ? Optional.of(
            chart(
                "seconds to collect and to fit, all examples",
                "seconds",
                point -> Objects.requireNonNull(point.seconds())))
        : Optional.empty();
  }

  private CurveChart chart(String axis, String unit, ToDoubleFunction<CurvePoint> cost) {
    List<String> methods = table().methods();
    List<CurveChart.Series> series = new ArrayList<>();
    for (int i = 0; i < methods.size(); i++) {
      String method = methods.get(i);
      series.add(
          new CurveChart.Series(
              method,
              MethodStyle.of(method, i),
              result.curve(method).stream()
                  .map(
                      point ->
                          new CurveChart.Point(
                              cost.applyAsDouble(point),
                              point.ldsMean(),
                              point.ldsCi()[0],
                              point.ldsCi()[1]))
                  .toList()));
    }
    @Nullable LinearityCeiling ceiling = result.linearityCeiling();
    return new CurveChart(
        axis,
        unit,
        series,
        ceiling == null ? OptionalDouble.empty() : OptionalDouble.of(ceiling.mean()));
  }
}
