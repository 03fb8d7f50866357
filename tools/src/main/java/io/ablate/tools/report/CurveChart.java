package io.ablate.tools.report;

import static io.ablate.tools.report.Markup.coordinate;
import static io.ablate.tools.report.Markup.escape;

import java.math.BigDecimal;
import java.math.MathContext;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.OptionalDouble;

/**
 * LDS against a cost, passes or seconds: one curve per method with its confidence band, logarithmic
 * cost, as a stand-alone SVG document.
 *
 * @param axis what the cost is, in words
 * @param unit its unit, in a few words
 * @param series one per method, each with its points in ascending cost
 * @param ceiling linearity ceiling, drawn as a line where it is known
 */
record CurveChart(String axis, String unit, List<Series> series, OptionalDouble ceiling) {
  /** A method's curve. */
  record Series(String name, MethodStyle style, List<Point> points) {}

  /** Mean LDS at a cost, with its confidence interval. */
  record Point(double cost, double lds, double low, double high) {}

  private static final double WIDTH = 860;
  private static final double LEFT = 64;
  private static final double RIGHT = 20;
  private static final double PLOT = 368;
  private static final double BOTTOM = 56;
  private static final double LEGEND_GAP = 26;
  private static final double LEGEND_LINE = 22;
  private static final double NOTE = 150;
  private static final double CHARACTER = 7.3;

  String svg() {
    List<double[]> places = legendPlaces();
    double top = 24 + places.getLast()[1];
    double height = top + PLOT + BOTTOM;
    ChartAxes axes =
        ChartAxes.around(
            series, ceiling, new ChartAxes.Frame(LEFT, WIDTH - RIGHT, top, top + PLOT));
    StringBuilder svg = new StringBuilder(1 << 14);
    svg.append(
        String.format(
            Locale.ROOT,
            "<svg xmlns=\"%s\" viewBox=\"0 0 %.0f %.0f\" width=\"%.0f\" height=\"%.0f\" role=\"img\""
                + " aria-label=\"LDS against %s, one curve per method\""
                + " font-family=\"system-ui, -apple-system, 'Segoe UI', 'DejaVu Sans', sans-serif\""
                + " font-size=\"13\">%n",
            SVG_NAMESPACE,
            WIDTH,
            height,
            WIDTH,
            height,
            escape(axis)));
    svg.append("<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n");
    grid(svg, axes);
    ceiling.ifPresent(value -> ceiling(svg, axes, value));
    series.forEach(one -> band(svg, axes, one));
    series.forEach(one -> curve(svg, axes, one));
    legend(svg, places);
    return svg.append("</svg>\n").toString();
  }

  /** A name, not an address: nothing is fetched from it. */
  static final String SVG_NAMESPACE = "http://www.w3.org/2000/svg";

  private void grid(StringBuilder svg, ChartAxes axes) {
    double right = axes.frame().right();
    double top = axes.frame().top();
    double bottom = axes.frame().bottom();
    for (double lds : axes.ldsTicks()) {
      double y = axes.y(lds);
      line(svg, LEFT, y, right, y, Math.abs(lds) < 1e-9 ? "#8a8a8a" : "#e4e6ea");
      text(svg, LEFT - 10, y + 4.5, "end", "#4a4f57", String.format(Locale.ROOT, "%.1f", lds));
    }
    for (double cost : axes.costTicks()) {
      double x = axes.x(cost);
      line(svg, x, top, x, bottom, "#f0f1f4");
      line(svg, x, bottom, x, bottom + 5, "#8a8a8a");
      text(svg, x, bottom + 21, "middle", "#4a4f57", number(cost));
    }
    line(svg, LEFT, bottom, right, bottom, "#8a8a8a");
    text(
        svg,
        (LEFT + right) / 2,
        bottom + BOTTOM - 12,
        "middle",
        "#22262c",
        axis + " (logarithmic)");
    svg.append("<text transform=\"translate(18 ")
        .append(coordinate((top + bottom) / 2))
        .append(") rotate(-90)\" text-anchor=\"middle\" fill=\"#22262c\">")
        .append("LDS on held-out masks</text>\n");
  }

  private static void ceiling(StringBuilder svg, ChartAxes axes, double value) {
    double y = axes.y(value);
    svg.append("<path d=\"M")
        .append(coordinate(LEFT))
        .append(' ')
        .append(coordinate(y))
        .append('H')
        .append(coordinate(WIDTH - RIGHT))
        .append("\" stroke=\"#8a8a8a\" stroke-width=\"1.2\" stroke-dasharray=\"1 4\"/>\n");
    text(
        svg,
        LEFT + 8,
        y - 6,
        "start",
        "#6b7079",
        String.format(Locale.ROOT, "linearity ceiling %.2f", value));
  }

  private static void band(StringBuilder svg, ChartAxes axes, Series one) {
    if (one.points().size() < 2) {
      return;
    }
    StringBuilder d = new StringBuilder();
    for (Point point : one.points()) {
      d.append(d.isEmpty() ? 'M' : 'L').append(at(axes, point.cost(), point.high()));
    }
    for (Point point : one.points().reversed()) {
      d.append('L').append(at(axes, point.cost(), point.low()));
    }
    svg.append("<path d=\"")
        .append(d)
        .append("Z\" fill=\"")
        .append(one.style().color())
        .append("\" fill-opacity=\".13\"/>\n");
  }

  private void curve(StringBuilder svg, ChartAxes axes, Series one) {
    StringBuilder d = new StringBuilder();
    for (Point point : one.points()) {
      d.append(d.isEmpty() ? 'M' : 'L').append(at(axes, point.cost(), point.lds()));
    }
    svg.append("<g class=\"series\" data-method=\"")
        .append(escape(one.name()))
        .append("\">")
        .append(stroke(d.toString(), one.style()));
    for (Point point : one.points()) {
      svg.append("<g><title>")
          .append(
              escape(
                  String.format(
                      Locale.ROOT,
                      "%s, %s %s: LDS %.3f [%.3f, %.3f]",
                      one.style().title(),
                      number(point.cost()),
                      unit,
                      point.lds(),
                      point.low(),
                      point.high())))
          .append("</title>")
          .append(one.style().markerAt(axes.x(point.cost()), axes.y(point.lds())))
          .append("</g>");
    }
    svg.append("</g>\n");
  }

  private void legend(StringBuilder svg, List<double[]> places) {
    for (int i = 0; i < series.size(); i++) {
      Series one = series.get(i);
      double x = places.get(i)[0];
      double y = places.get(i)[1];
      svg.append(
              stroke(
                  "M" + coordinate(x) + " " + coordinate(y) + "H" + coordinate(x + 34),
                  one.style()))
          .append(one.style().markerAt(x + 17, y));
      text(svg, x + 42, y + 4.5, "start", "#22262c", one.style().title());
    }
    text(svg, WIDTH - RIGHT, 26.5, "end", "#6b7079", "band: 95 % interval");
  }

  /** Where every entry of the legend begins: as many beside each other as the width holds. */
  private List<double[]> legendPlaces() {
    List<double[]> places = new ArrayList<>();
    double x = LEFT;
    double y = LEGEND_LINE;
    for (Series one : series) {
      double width = 42 + CHARACTER * one.style().title().length();
      if (x > LEFT && x + width > WIDTH - RIGHT - NOTE) {
        x = LEFT;
        y += LEGEND_LINE;
      }
      places.add(new double[] {x, y});
      x += width + LEGEND_GAP;
    }
    return places;
  }

  /** Whole from 10 on; below, two significant digits. */
  private static String number(double cost) {
    return cost >= 10 || cost == Math.rint(cost)
        ? String.format(Locale.ROOT, "%,.0f", cost)
        : BigDecimal.valueOf(cost).round(new MathContext(2)).stripTrailingZeros().toPlainString();
  }

  private static String stroke(String d, MethodStyle style) {
    String dash = style.dash().isEmpty() ? "" : " stroke-dasharray=\"" + style.dash() + "\"";
    return "<path d=\""
        + d
        + "\" fill=\"none\" stroke=\""
        + style.color()
        + "\" stroke-width=\"2.2\" stroke-linejoin=\"round\""
        + dash
        + "/>";
  }

  private static String at(ChartAxes axes, double passes, double lds) {
    return coordinate(axes.x(passes)) + " " + coordinate(axes.y(lds));
  }

  private static void line(
      StringBuilder svg, double x1, double y1, double x2, double y2, String color) {
    svg.append("<path d=\"M")
        .append(coordinate(x1))
        .append(' ')
        .append(coordinate(y1))
        .append('L')
        .append(coordinate(x2))
        .append(' ')
        .append(coordinate(y2))
        .append("\" stroke=\"")
        .append(color)
        .append("\"/>\n");
  }

  private static void text(
      StringBuilder svg, double x, double y, String anchor, String color, String words) {
    svg.append("<text x=\"")
        .append(coordinate(x))
        .append("\" y=\"")
        .append(coordinate(y))
        .append("\" text-anchor=\"")
        .append(anchor)
        .append("\" fill=\"")
        .append(color)
        .append("\">")
        .append(escape(words))
        .append("</text>\n");
  }
}
