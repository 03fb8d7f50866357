package io.ablate.tools.report;

import java.util.ArrayList;
import java.util.List;
import java.util.OptionalDouble;

/**
 * The ranges of both axes of a {@link CurveChart} and their map to the drawing.
 *
 * @param firstCost at the left end, positive
 * @param lastCost at the right end
 * @param lowest LDS at the bottom
 * @param highest LDS at the top
 * @param frame where the plot lies
 */
record ChartAxes(
    double firstCost, double lastCost, double lowest, double highest, ChartAxes.Frame frame) {
  private static final double MARGIN = 12;

  /** The plot's edges in the drawing. */
  record Frame(double left, double right, double top, double bottom) {}

  /** The axes that hold all points. */
  static ChartAxes around(List<CurveChart.Series> series, OptionalDouble ceiling, Frame frame) {
    double first = Double.POSITIVE_INFINITY;
    double last = 0;
    double low = 0;
    double high = ceiling.orElse(.1);
    for (CurveChart.Series one : series) {
      for (CurveChart.Point point : one.points()) {
        first = Math.min(first, point.cost());
        last = Math.max(last, point.cost());
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
    return new ChartAxes(
        first, last, Math.floor(low * 10) / 10, Math.ceil(high * 10 + .2) / 10, frame);
  }

  double x(double cost) {
    double inner = frame.right() - frame.left() - 2 * MARGIN;
    return frame.left()
        + MARGIN
        + inner * Math.log(cost / firstCost) / Math.log(lastCost / firstCost);
  }

  double y(double lds) {
    return frame.top() + (frame.bottom() - frame.top()) * (highest - lds) / (highest - lowest);
  }

  List<Double> ldsTicks() {
    List<Double> ticks = new ArrayList<>();
    for (long tenth = Math.round(lowest * 10); tenth <= Math.round(highest * 10); tenth++) {
      ticks.add(tenth / 10.0);
    }
    return ticks;
  }

  /** 1, 2 and 5 times the powers of ten, inside the range. */
  List<Double> costTicks() {
    List<Double> ticks = new ArrayList<>();
    int from = (int) Math.floor(Math.log10(firstCost));
    for (int power = from; Math.pow(10, power) <= lastCost; power++) {
      for (int step : new int[] {1, 2, 5}) {
        double tick = step * Math.pow(10, power);
        if (tick >= firstCost * .999 && tick <= lastCost * 1.001) {
          ticks.add(tick);
        }
      }
    }
    return ticks;
  }
}
