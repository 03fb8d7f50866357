package io.ablate.tools.report;

import io.ablate.estimate.LeastSquaresEstimator;
import io.ablate.estimate.LeastSquaresSagaEstimator;
import io.ablate.evaluate.ComparisonResult;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalDouble;
import org.jspecify.annotations.Nullable;

/** "Forward passes needed for LDS t": the headline of a comparison. */
public final class TargetTable {
  private static final String HEADLINE_TARGET = "0.5";
  private static final String NONE = "–";

  /** COAR, exactly and by its own solver: what all others are set against. */
  private static final List<String> BASELINES =
      List.of(LeastSquaresEstimator.NAME, LeastSquaresSagaEstimator.NAME);

  private final ComparisonResult result;
  private final List<String> methods;
  private final List<String> targets;

  /** Least squares, where it is compared, becomes the first column: others are set against it. */
  public TargetTable(ComparisonResult result) {
    this.result = result;
    this.methods = new ArrayList<>(result.methods());
    for (String baseline : BASELINES.reversed()) {
      if (methods.remove(baseline)) {
        methods.addFirst(baseline);
      }
    }
    this.targets = Arrays.stream(result.targets()).mapToObj(Double::toString).toList();
  }

  /** In the order of the columns. */
  List<String> methods() {
    return methods;
  }

  /** LDS values as written in files. */
  List<String> targets() {
    return targets;
  }

  /** Those of the methods that the others are set against, in words; empty if there is none. */
  public List<String> baselines() {
    return methods.stream().filter(BASELINES::contains).map(MethodStyle::title).toList();
  }

  /** Passes until the target is first reached; empty if it never is. */
  OptionalDouble passes(String method, String target) {
    return optional(result.samplesToTarget(), method, target);
  }

  /** The passes in words: a target that the smallest sample size reaches is only bounded. */
  String passesText(String method, String target) {
    OptionalDouble needed = passes(method, target);
    if (needed.isEmpty()) {
      return NONE;
    }
    boolean bounded = needed.getAsDouble() <= result.curve(method).getFirst().passEquivalents();
    return (bounded ? "≤ " : "") + count(needed.getAsDouble());
  }

  /** Its 95 % interval, for example {@code 352 – 480}; empty if there is none. */
  String intervalText(String method, String target) {
    @Nullable Double @Nullable [] interval =
        result.samplesToTargetCi().getOrDefault(method, Map.of()).get(target);
    if (interval == null || passes(method, target).isEmpty() || interval[0] == null) {
      return "";
    }
    @Nullable Double high = interval[1];
    return count(interval[0]) + " – " + (high == null ? "more" : count(high));
  }

  /**
   * The change in passes against each baseline, in their order: "−49 %", or "−49 %" and "−46 %"
   * where there are two; a dash where either fails the target, nothing where all do. Least squares
   * is set against none.
   */
  List<String> changes(String method, String target) {
    List<String> changes = new ArrayList<>();
    if (!method.equals(LeastSquaresEstimator.NAME)) {
      for (String baseline : BASELINES) {
        if (methods.contains(baseline) && !method.equals(baseline)) {
          OptionalDouble reduction = optional(reductions(baseline), method, target);
          changes.add(reduction.isPresent() ? percent(reduction.getAsDouble()) : NONE);
        }
      }
    }
    return changes.stream().allMatch(NONE::equals) ? List.of() : changes;
  }

  private Map<String, Map<String, @Nullable Double>> reductions(String baseline) {
    return baseline.equals(LeastSquaresEstimator.NAME)
        ? result.reductionVsLeastSquares()
        : result.reductionVsLeastSquaresSaga();
  }

  private String changesText(String method, String target) {
    List<String> changes = changes(method, target);
    return changes.isEmpty() ? "" : " (" + String.join(", ", changes) + ")";
  }

  private static OptionalDouble optional(
      Map<String, Map<String, @Nullable Double>> values, String method, String target) {
    @Nullable Double value = values.getOrDefault(method, Map.of()).get(target);
    return value == null ? OptionalDouble.empty() : OptionalDouble.of(value);
  }

  /**
   * The target that the headline speaks of: .5 if the first method gets there, else its highest.
   */
  @Nullable String headlineTarget() {
    List<String> reached =
        targets.stream().filter(target -> passes(methods.getFirst(), target).isPresent()).toList();
    if (reached.isEmpty()) {
      return null;
    }
    return reached.contains(HEADLINE_TARGET) ? HEADLINE_TARGET : reached.getLast();
  }

  /** One sentence: how many passes each method needs. */
  public String headline() {
    String first = MethodStyle.title(methods.getFirst());
    @Nullable String target = headlineTarget();
    if (target == null) {
      return "No target was reached by " + first + " within these passes.";
    }
    StringBuilder sentence = new StringBuilder("For LDS " + target + ", " + first + " needs ");
    sentence
        .append(passesText(methods.getFirst(), target))
        .append(' ')
        .append(unit())
        .append(" per example");
    for (int i = 1; i < methods.size(); i++) {
      String method = methods.get(i);
      OptionalDouble needed = passes(method, target);
      sentence.append(i == 1 ? "; " : ", ").append(MethodStyle.title(method));
      if (needed.isEmpty()) {
        sentence.append(" does not get there");
      } else {
        sentence.append(' ').append(passesText(method, target)).append(changesText(method, target));
      }
    }
    return sentence.append('.').toString();
  }

  /** Aligned plain text, one line per method; in brackets the changes against the baselines. */
  public String text() {
    List<List<String>> rows = new ArrayList<>();
    List<String> head = new ArrayList<>(List.of("LDS"));
    head.addAll(targets);
    rows.add(head);
    for (String method : methods) {
      List<String> row = new ArrayList<>(List.of(MethodStyle.title(method)));
      for (String target : targets) {
        row.add(passesText(method, target) + changesText(method, target));
      }
      rows.add(row);
    }
    return TextTable.right(rows);
  }

  /** What the passes are, in words: gradient passes count as what they cost. */
  public String unit() {
    return result.curves().stream().anyMatch(point -> point.gradientPasses() > 0)
        ? "pass equivalents"
        : "forward passes";
  }

  /** Passes, rounded to whole ones. */
  static String count(double passes) {
    return String.format(Locale.ROOT, "%,d", Math.round(passes));
  }

  /** A reduction as the change in passes: 0.4 is "−40 %". */
  static String percent(double reduction) {
    long percent = Math.round(-100 * reduction);
    return (percent > 0 ? "+" : percent < 0 ? "−" : "±") + Math.abs(percent) + " %";
  }
}
