package io.ablate.tools.report;

import static io.ablate.tools.report.Markup.coordinate;
import static io.ablate.tools.report.Markup.escape;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.OptionalDouble;

/**
 * LDS against forward passes: one curve per method with its confidence band, logarithmic passes, as
 * a stand-alone SVG document.
 *
 * @param series one per method, each with its points in ascending passes
 * @param ceiling linearity ceiling, drawn as a line where it is known
 */
record CurveChart(List<Series> series, OptionalDouble ceiling) {
  /** A method's curve. */
  record Series(String name, MethodStyle style, List<Point> points) {}

  /** Mean LDS after so many passes per example, with its confidence interval. */
  record Point(double passes, double lds, double low, double high) {}

  private static final double WIDTH = 860;
  private static final double HEIGHT = 470;
  private static final double LEFT = 64;
  private static final double RIGHT = 20;
  private static final double TOP = 46;
  private static final double BOTTOM = 56;
  private static final double LEGEND_GAP = 26;
  private static final double CHARACTER = 7.3;

  String svg() {
    Axes axes = Axes.around(series, ceiling);
    StringBuilder svg = new StringBuilder(1 << 14);
    svg.append(
        String.format(
            Locale.ROOT,
            "<svg xmlns=\"%s\" viewBox=\"0 0 %.0f %.0f\" width=\"%.0f\" height=\"%.0f\" role=\"img\""
                + " aria-label=\"LDS against ablated forward passes per example, one curve per method\""
                + " font-family=\"system-ui, -apple-system, 'Segoe UI', 'DejaVu Sans', sans-serif\""
                + " font-size=\"13\">%n",
            SVG_NAMESPACE,
            WIDTH,
            HEIGHT,
            WIDTH,
            HEIGHT));
    svg.append("<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n");
    grid(svg, axes);
    ceiling.ifPresent(value -> ceiling(svg, axes, value));
    series.forEach(one -> band(svg, axes, one));
    series.forEach(one -> curve(svg, axes, one));
    legend(svg);
    return svg.append("</svg>\n").toString();
  }

  /** A name, not an address: nothing is fetched from it. */
  static final String SVG_NAMESPACE = "http://www.w3.org/2000/svg";

  private static void grid(StringBuilder svg, Axes axes) {
    double right = WIDTH - RIGHT;
    double bottom = HEIGHT - BOTTOM;
    for (double lds : axes.ldsTicks()) {
      double y = axes.y(lds);
      line(svg, LEFT, y, right, y, Math.abs(lds) < 1e-9 ? "#8a8a8a" : "#e4e6ea");
      text(svg, LEFT - 10, y + 4.5, "end", "#4a4f57", String.format(Locale.ROOT, "%.1f", lds));
    }
    for (double passes : axes.passTicks()) {
      double x = axes.x(passes);
      line(svg, x, TOP, x, bottom, "#f0f1f4");
      line(svg, x, bottom, x, bottom + 5, "#8a8a8a");
      text(svg, x, bottom + 21, "middle", "#4a4f57", String.format(Locale.ROOT, "%,.0f", passes));
    }
    line(svg, LEFT, bottom, right, bottom, "#8a8a8a");
    text(
        svg,
        (LEFT + right) / 2,
        HEIGHT - 12,
        "middle",
        "#22262c",
        "ablated forward passes per example (logarithmic)");
    svg.append("<text transform=\"translate(18 ")
        .append(coordinate((TOP + bottom) / 2))
        .append(") rotate(-90)\" text-anchor=\"middle\" fill=\"#22262c\">")
        .append("LDS on held-out masks</text>\n");
  }

  private static void ceiling(StringBuilder svg, Axes axes, double value) {
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

  private static void band(StringBuilder svg, Axes axes, Series one) {
    if (one.points().size() < 2) {
      return;
    }
    StringBuilder d = new StringBuilder();
    for (Point point : one.points()) {
      d.append(d.isEmpty() ? 'M' : 'L').append(at(axes, point.passes(), point.high()));
    }
    for (Point point : one.points().reversed()) {
      d.append('L').append(at(axes, point.passes(), point.low()));
    }
    svg.append("<path d=\"")
        .append(d)
        .append("Z\" fill=\"")
        .append(one.style().color())
        .append("\" fill-opacity=\".13\"/>\n");
  }

  private static void curve(StringBuilder svg, Axes axes, Series one) {
    StringBuilder d = new StringBuilder();
    for (Point point : one.points()) {
      d.append(d.isEmpty() ? 'M' : 'L').append(at(axes, point.passes(), point.lds()));
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
                      "%s, %,.0f passes: LDS %.3f [%.3f, %.3f]",
                      one.style().title(),
                      point.passes(),
                      point.lds(),
                      point.low(),
                      point.high())))
          .append("</title>")
          .append(one.style().markerAt(axes.x(point.passes()), axes.y(point.lds())))
          .append("</g>");
    }
    svg.append("</g>\n");
  }

  private void legend(StringBuilder svg) {
    double x = LEFT;
    for (Series one : series) {
      svg.append(stroke("M" + coordinate(x) + " 22H" + coordinate(x + 34), one.style()))
          .append(one.style().markerAt(x + 17, 22));
      text(svg, x + 42, 26.5, "start", "#22262c", one.style().title());
      x += 42 + CHARACTER * one.style().title().length() + LEGEND_GAP;
    }
    text(svg, WIDTH - RIGHT, 26.5, "end", "#6b7079", "band: 95 % interval");
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

  private static String at(Axes axes, double passes, double lds) {
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

  /** The ranges of both axes and their map to the drawing. */
  private record Axes(double firstPass, double lastPass, double lowest, double highest) {
    static Axes around(List<Series> series, OptionalDouble ceiling) {
      double first = Double.POSITIVE_INFINITY;
      double last = 0;
      double low = 0;
      double high = ceiling.orElse(.1);
      for (Series one : series) {
        for (Point point : one.points()) {
          first = Math.min(first, point.passes());
          last = Math.max(last, point.passes());
          low = Math.min(low, point.low());
          high = Math.max(high, point.high());
        }
      }
      if (last == 0) {
        first = 1;
        last = 2;
      }
      if (last <= first) {
        first /= 2;
        last *= 2;
      }
      return new Axes(first, last, Math.floor(low * 10) / 10, Math.ceil(high * 10 + .2) / 10);
    }

    double x(double passes) {
      double inner = WIDTH - LEFT - RIGHT - 24;
      return LEFT + 12 + inner * Math.log(passes / firstPass) / Math.log(lastPass / firstPass);
    }

    double y(double lds) {
      return TOP + (HEIGHT - TOP - BOTTOM) * (highest - lds) / (highest - lowest);
    }

    List<Double> ldsTicks() {
      List<Double> ticks = new ArrayList<>();
      for (long tenth = Math.round(lowest * 10); tenth <= Math.round(highest * 10); tenth++) {
        ticks.add(tenth / 10.0);
      }
      return ticks;
    }

    /** 1, 2 and 5 times the powers of ten, inside the range. */
    List<Double> passTicks() {
      List<Double> ticks = new ArrayList<>();
      for (double decade = 1; decade <= lastPass; decade *= 10) {
        for (double step : new double[] {1, 2, 5}) {
          double tick = step * decade;
          if (tick >= firstPass * .999 && tick <= lastPass * 1.001) {
            ticks.add(tick);
          }
        }
      }
      return ticks;
    }
  }
}
