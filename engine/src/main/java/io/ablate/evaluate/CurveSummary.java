package io.ablate.evaluate;

import io.ablate.estimate.LeastSquaresEstimator;
import io.ablate.estimate.LeastSquaresSagaEstimator;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** What curves tell of the passes that methods need: targets, reductions, their intervals. */
public final class CurveSummary {
  private final List<ScoredPoint> points;
  private final Map<String, Map<String, @Nullable Double>> reach = new TreeMap<>();
  private final Map<String, Map<String, @Nullable Double @Nullable []>> reachCi = new TreeMap<>();
  private final Map<String, Map<String, @Nullable Double>> hold = new TreeMap<>();
  private final Reductions exact;
  private final Reductions saga;

  private CurveSummary(List<String> methods, List<ScoredPoint> points) {
    this.points = points;
    this.exact = new Reductions(LeastSquaresEstimator.NAME, methods);
    this.saga = new Reductions(LeastSquaresSagaEstimator.NAME, methods);
  }

  /**
   * Summarises scored points, which must come from one bootstrap.
   *
   * @param methods in the order in which they are to be listed
   * @param samples the sample sizes compared
   * @param targets LDS targets
   * @param heldOutRows first held-out row and the one after the last
   * @param seed of the bootstrap
   * @param points every method's by ascending budget
   * @param ceiling the linearity ceiling, where it is known
   */
  public static ComparisonResult of(
      List<String> methods,
      int[] samples,
      double[] targets,
      int[] heldOutRows,
      long seed,
      List<ScoredPoint> points,
      @Nullable LinearityCeiling ceiling) {
    CurveSummary summary = new CurveSummary(methods, points);
    for (String method : methods) {
      for (double target : targets) {
        summary.add(method, target);
      }
    }
    return new ComparisonResult(
        methods,
        samples.clone(),
        targets.clone(),
        heldOutRows.clone(),
        Bootstrap.DRAWS,
        seed,
        methods.stream()
            .flatMap(method -> summary.curve(method).stream())
            .map(ScoredPoint::point)
            .toList(),
        summary.reach,
        summary.reachCi,
        summary.hold,
        summary.exact.values,
        summary.exact.intervals,
        summary.saga.values,
        summary.saga.intervals,
        ceiling,
        Map.of());
  }

  private void add(String method, double target) {
    String key = Double.toString(target);
    double[] drawn = reachOfDraws(method, target);
    double needed = SamplesToTarget.reach(passes(method), means(method), target);
    put(reach, method, key, finiteOrNull(needed));
    put(reachCi, method, key, nullable(Bootstrap.interval(drawn)));
    put(
        hold,
        method,
        key,
        finiteOrNull(SamplesToTarget.hold(passes(method), means(method), target)));
    exact.add(method, target, needed, drawn);
    saga.add(method, target, needed, drawn);
  }

  /** What every other method saves against one, if that one was compared. */
  private final class Reductions {
    final Map<String, Map<String, @Nullable Double>> values = new TreeMap<>();
    final Map<String, Map<String, @Nullable Double @Nullable []>> intervals = new TreeMap<>();
    private final String baseline;
    private final boolean compared;

    Reductions(String baseline, List<String> methods) {
      this.baseline = baseline;
      this.compared = methods.contains(baseline);
    }

    void add(String method, double target, double needed, double[] drawn) {
      if (compared && !method.equals(baseline)) {
        String key = Double.toString(target);
        double base = SamplesToTarget.reach(passes(baseline), means(baseline), target);
        put(values, method, key, finiteOrNull(SamplesToTarget.reduction(needed, base)));
        put(intervals, method, key, reductions(drawn, reachOfDraws(baseline, target)));
      }
    }
  }

  private List<ScoredPoint> curve(String method) {
    return points.stream().filter(scored -> scored.point().method().equals(method)).toList();
  }

  private double[] passes(String method) {
    return curve(method).stream().mapToDouble(s -> s.point().passEquivalents()).toArray();
  }

  private double[] means(String method) {
    return curve(method).stream().mapToDouble(s -> s.point().ldsMean()).toArray();
  }

  private double[] reachOfDraws(String method, double target) {
    double[] passes = passes(method);
    List<ScoredPoint> curve = curve(method);
    double[] needed = new double[Bootstrap.DRAWS];
    double[] means = new double[passes.length];
    for (int draw = 0; draw < needed.length; draw++) {
      for (int s = 0; s < means.length; s++) {
        means[s] = curve.get(s).draws()[draw];
      }
      needed[draw] = SamplesToTarget.reach(passes, means, target);
    }
    return needed;
  }

  /**
   * The interval over draws in which either reaches the target; one that only the baseline fails to
   * reach bounds the reduction from above by 1, one that only the method fails from below.
   */
  private static @Nullable Double[] reductions(double[] needed, double[] baseline) {
    double[] values = new double[needed.length];
    int used = 0;
    for (int draw = 0; draw < needed.length; draw++) {
      boolean reached = !Double.isInfinite(needed[draw]);
      if (reached || !Double.isInfinite(baseline[draw])) {
        values[used++] = reached ? 1 - needed[draw] / baseline[draw] : Double.NEGATIVE_INFINITY;
      }
    }
    return used == 0
        ? new Double[] {null, null}
        : nullable(Bootstrap.interval(Arrays.copyOf(values, used)));
  }

  private static <V extends @Nullable Object> void put(
      Map<String, Map<String, @Nullable V>> table,
      String method,
      String target,
      @Nullable V value) {
    table.computeIfAbsent(method, name -> new TreeMap<>()).put(target, value);
  }

  private static @Nullable Double[] nullable(double[] interval) {
    return new @Nullable Double[] {finiteOrNull(interval[0]), finiteOrNull(interval[1])};
  }

  private static @Nullable Double finiteOrNull(double value) {
    return Double.isFinite(value) ? value : null;
  }
}
