package io.ablate.tools.bench;

import io.ablate.tools.bench.JmhResults.Kind;
import io.ablate.tools.bench.JmhResults.Metric;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.TreeSet;
import org.hipparchus.distribution.continuous.TDistribution;
import org.jspecify.annotations.Nullable;

/**
 * Two sets of results, judged. Speeds are compared fork by fork: the i-th fork of the one ran
 * beside the i-th of the other, so that a machine's drift touches both, and what counts is the
 * interval of their ratios. Figures that are the same in every run are compared as they are.
 *
 * @param lines one per figure
 */
public record BenchComparison(List<Line> lines) {
  /** Confidence of the intervals, one side. */
  private static final double QUANTILE = .975;

  /** Forks below which nothing is judged. */
  private static final int FEWEST = 3;

  /** What an LDS may lose. */
  private static final double LDS_LOSS = .005;

  /** What counts may grow by, as a share. */
  private static final double MORE = .02;

  /** What became of a figure. */
  public enum Verdict {
    /** Worse beyond the tolerance: a gate fails. */
    WORSE,
    /** In the base only: a gate fails. */
    MISSING,
    /** Better beyond the tolerance. */
    BETTER,
    /** Within the tolerance. */
    SAME,
    /** The interval reaches beyond the tolerance, or there are too few forks. */
    UNCLEAR,
    /** In the head only. */
    NEW,
    /** Not judged. */
    SHOWN
  }

  /**
   * One figure.
   *
   * @param base mean of the forks; NaN if there is none
   * @param head the same
   * @param gain speed of the head by that of the base, for others the head by the base: above 1 is
   *     better for speeds
   * @param low lower end of the interval of the gain; null where there is none
   * @param high upper end
   */
  public record Line(
      String name,
      String unit,
      double base,
      double head,
      double gain,
      @Nullable Double low,
      @Nullable Double high,
      Verdict verdict) {
    /** Whether a gate fails. */
    public boolean fails() {
      return verdict == Verdict.WORSE || verdict == Verdict.MISSING;
    }
  }

  /**
   * Compares.
   *
   * @param tolerance the share of its speed that a benchmark may lose, or must gain to be better
   */
  public static BenchComparison of(JmhResults base, JmhResults head, double tolerance) {
    List<Line> lines = new ArrayList<>();
    TreeSet<String> names = new TreeSet<>(base.metrics().keySet());
    names.addAll(head.metrics().keySet());
    for (String name : names) {
      Metric before = base.metrics().get(name);
      Metric after = head.metrics().get(name);
      if (before == null || after == null) {
        Metric only = before == null ? after : before;
        lines.add(lone(name, Objects.requireNonNull(only), before != null));
      } else {
        lines.add(line(name, before, after, tolerance));
      }
    }
    return new BenchComparison(List.copyOf(lines));
  }

  private static Line lone(String name, Metric metric, boolean inBase) {
    double mean = mean(metric.forks());
    return new Line(
        name,
        metric.unit(),
        inBase ? mean : Double.NaN,
        inBase ? Double.NaN : mean,
        Double.NaN,
        null,
        null,
        inBase && metric.kind() != Kind.OTHER ? Verdict.MISSING : Verdict.NEW);
  }

  private static Line line(String name, Metric before, Metric after, double tolerance) {
    double base = mean(before.forks());
    double head = mean(after.forks());
    return switch (before.kind()) {
      case THROUGHPUT, TIME -> speed(name, before, after, tolerance);
      case LDS -> exact(name, before, base, head, head < base - LDS_LOSS, head > base + LDS_LOSS);
      case COUNT ->
          exact(
              name,
              before,
              base,
              head,
              // NaN: the target is not reached.
              head > base * (1 + MORE) || Double.isNaN(head) && !Double.isNaN(base),
              head < base * (1 - MORE) || Double.isNaN(base) && !Double.isNaN(head));
      case OTHER ->
          new Line(name, before.unit(), base, head, head / base, null, null, Verdict.SHOWN);
    };
  }

  private static Line exact(
      String name, Metric metric, double base, double head, boolean worse, boolean better) {
    Verdict verdict = worse ? Verdict.WORSE : better ? Verdict.BETTER : Verdict.SAME;
    return new Line(name, metric.unit(), base, head, head / base, null, null, verdict);
  }

  private static Line speed(String name, Metric before, Metric after, double tolerance) {
    int pairs = Math.min(before.forks().size(), after.forks().size());
    double sign = before.kind() == Kind.THROUGHPUT ? 1 : -1;
    double[] logs = new double[pairs];
    double sum = 0;
    for (int i = 0; i < pairs; i++) {
      logs[i] = sign * Math.log(after.forks().get(i) / before.forks().get(i));
      sum += logs[i];
    }
    double mean = sum / pairs;
    Double low = null;
    Double high = null;
    Verdict verdict = Verdict.UNCLEAR;
    if (pairs >= FEWEST) {
      double squares = 0;
      for (double log : logs) {
        squares += (log - mean) * (log - mean);
      }
      double half =
          new TDistribution(pairs - 1).inverseCumulativeProbability(QUANTILE)
              * Math.sqrt(squares / (pairs - 1) / pairs);
      low = Math.exp(mean - half);
      high = Math.exp(mean + half);
      verdict = verdict(low, high, tolerance);
    }
    return new Line(
        name,
        before.unit(),
        mean(before.forks()),
        mean(after.forks()),
        Math.exp(mean),
        low,
        high,
        verdict);
  }

  private static Verdict verdict(double low, double high, double tolerance) {
    if (high < 1 - tolerance) {
      return Verdict.WORSE;
    }
    if (low > 1 + tolerance) {
      return Verdict.BETTER;
    }
    return low >= 1 - tolerance && high <= 1 + tolerance ? Verdict.SAME : Verdict.UNCLEAR;
  }

  private static double mean(List<Double> values) {
    return values.stream().mapToDouble(Double::doubleValue).average().orElse(Double.NaN);
  }
}
