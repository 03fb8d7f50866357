package io.ablate.tools.report;

import static io.ablate.tools.report.Markup.coordinate;
import static io.ablate.tools.report.Markup.escape;

import io.ablate.tools.report.ExampleCard.Contribution;
import java.util.List;
import java.util.Locale;

/** Horizontal bars on both sides of a zero line, one per component, as inline SVG. */
final class ContributionBars {
  private static final double WIDTH = 400;
  private static final double NAMES = 178;
  private static final double VALUES = 46;
  private static final double ROW = 18;

  /** Standard errors on either side of a bar's end: a 95 % interval. */
  private static final double ERRORS = 1.96;

  private ContributionBars() {}

  static String svg(List<Contribution> components) {
    double largest =
        components.stream()
            .mapToDouble(one -> Math.abs(one.value()) + ERRORS * one.standardError())
            .max()
            .orElse(0);
    double height = ROW * components.size() + 2;
    double left = NAMES + 8;
    double half = (WIDTH - left - VALUES) / 2;
    double zero = left + half;
    StringBuilder svg =
        new StringBuilder("<svg xmlns=\"")
            .append(CurveChart.SVG_NAMESPACE)
            .append("\" viewBox=\"0 0 ")
            .append(coordinate(WIDTH))
            .append(' ')
            .append(coordinate(height))
            .append("\" font-size=\"11.5\" role=\"img\" aria-label=\"strongest components\">\n");
    for (int i = 0; i < components.size(); i++) {
      Contribution one = components.get(i);
      double y = i * ROW;
      double length = largest == 0 ? 0 : half * Math.abs(one.value()) / largest;
      String color = one.value() >= 0 ? "#2a7a5f" : "#c2683c";
      svg.append("<text x=\"")
          .append(coordinate(NAMES))
          .append("\" y=\"")
          .append(coordinate(y + 13))
          .append("\" text-anchor=\"end\" fill=\"#3c424b\">")
          .append(escape(shorten(one.component())))
          .append("<title>")
          .append(escape(one.component()))
          .append("</title></text>")
          .append("<rect x=\"")
          .append(coordinate(one.value() >= 0 ? zero : zero - length))
          .append("\" y=\"")
          .append(coordinate(y + 4))
          .append("\" width=\"")
          .append(coordinate(Math.max(length, .6)))
          .append("\" height=\"11\" rx=\"1.5\" fill=\"")
          .append(color)
          .append("\"/><text x=\"")
          .append(coordinate(WIDTH))
          .append("\" y=\"")
          .append(coordinate(y + 13))
          .append("\" text-anchor=\"end\" fill=\"#3c424b\">")
          .append(String.format(Locale.ROOT, "%+.2f", one.value()).replace('-', '−'))
          .append("</text>\n");
      if (one.standardError() > 0) {
        double middle = zero + half * one.value() / largest;
        double reach = half * ERRORS * one.standardError() / largest;
        svg.append("<path d=\"M")
            .append(coordinate(middle - reach))
            .append(' ')
            .append(coordinate(y + 9.5))
            .append('H')
            .append(coordinate(middle + reach))
            .append("\" stroke=\"#3c424b\"><title>95 % interval</title></path>\n");
      }
    }
    return svg.append("<path d=\"M")
        .append(coordinate(zero))
        .append(" 0V")
        .append(coordinate(height))
        .append("\" stroke=\"#9aa1ab\"/>\n</svg>\n")
        .toString();
  }

  /** Keeps the end of a long name, which tells components of one layer apart. */
  private static String shorten(String name) {
    int most = 29;
    return name.length() <= most ? name : "…" + name.substring(name.length() - most + 1);
  }
}
