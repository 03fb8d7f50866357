package io.ablate.tools.report;

import java.util.List;
import java.util.Map;

/**
 * How a method is named and drawn. Colour, dash and marker differ together, so that curves stay
 * apart in print without colour and for readers who do not see it.
 *
 * @param title for people
 * @param color CSS colour of the Okabe–Ito palette
 * @param dash SVG dash array; empty for a solid line
 * @param marker shape at the measured points
 */
record MethodStyle(String title, String color, String dash, Marker marker) {
  enum Marker {
    CIRCLE,
    SQUARE,
    DIAMOND,
    TRIANGLE,
    CROSS
  }

  private static final Map<String, String> TITLES =
      Map.ofEntries(
          Map.entry("least-squares", "COAR"),
          Map.entry("least-squares-saga", "COAR (SAGA)"),
          Map.entry("ridge", "ridge"),
          Map.entry("lasso", "lasso"),
          Map.entry("relu", "ReLU"),
          Map.entry("relu-tuned", "ReLU (tuned)"),
          Map.entry("hierarchical-logits", "logit-wise"),
          Map.entry("hierarchical-logits-linear", "logit-wise, linearised"),
          Map.entry("quadratic", "pairs"),
          Map.entry("quadratic-submodular", "pairs, submodular"),
          Map.entry("mask-gradient", "mask gradient"),
          Map.entry("integrated-gradient", "integrated gradient"),
          Map.entry("gradient-hierarchical", "gradient + hierarchical"),
          Map.entry("gradient-hierarchical-logits", "gradient + logit-wise"));

  private static final List<String> COLORS =
      List.of("#3d3d3d", "#0072b2", "#d55e00", "#009e73", "#a8508a", "#b07c00", "#2f8fc4");
  private static final List<String> DASHES = List.of("", "7 4", "2 3", "10 3 2 3", "14 4");

  /** Short name for tables and legends; least squares is what COAR fits. */
  static String title(String method) {
    return TITLES.getOrDefault(method, method);
  }

  /** The style of the method at {@code position} of a comparison. */
  static MethodStyle of(String method, int position) {
    return new MethodStyle(
        title(method),
        COLORS.get(position % COLORS.size()),
        DASHES.get(position % DASHES.size()),
        Marker.values()[position % Marker.values().length]);
  }

  /** The marker as an SVG element centred at (x, y). */
  String markerAt(double x, double y) {
    String fill = " fill=\"" + color + "\"/>";
    return switch (marker) {
      case CIRCLE -> "<circle cx=\"" + num(x) + "\" cy=\"" + num(y) + "\" r=\"3.6\"" + fill;
      case SQUARE ->
          "<rect x=\""
              + num(x - 3.3)
              + "\" y=\""
              + num(y - 3.3)
              + "\" width=\"6.6\" height=\"6.6\""
              + fill;
      case DIAMOND -> path(fill, x, y - 4.8, x + 4.8, y, x, y + 4.8, x - 4.8, y);
      case TRIANGLE -> path(fill, x, y - 4.6, x + 4.4, y + 3.4, x - 4.4, y + 3.4);
      case CROSS ->
          "<path d=\"M"
              + num(x - 3.6)
              + " "
              + num(y - 3.6)
              + "L"
              + num(x + 3.6)
              + " "
              + num(y + 3.6)
              + "M"
              + num(x + 3.6)
              + " "
              + num(y - 3.6)
              + "L"
              + num(x - 3.6)
              + " "
              + num(y + 3.6)
              + "\" stroke=\""
              + color
              + "\" stroke-width=\"2\" fill=\"none\"/>";
    };
  }

  private static String path(String fill, double... xy) {
    StringBuilder d = new StringBuilder("<path d=\"");
    for (int i = 0; i < xy.length; i += 2) {
      d.append(i == 0 ? 'M' : 'L').append(num(xy[i])).append(' ').append(num(xy[i + 1]));
    }
    return d.append("Z\"").append(fill).toString();
  }

  private static String num(double value) {
    return Markup.coordinate(value);
  }
}
