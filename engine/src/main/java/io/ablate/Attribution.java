package io.ablate;

import io.ablate.component.Component;
import io.ablate.component.ComponentSet;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * What every component contributes to one prediction: g(x) = intercept + Σ effect_i · x_i over the
 * components that are kept (x_i = 1). Immutable and thread-safe.
 */
public final class Attribution {
  private final ComponentSet components;
  private final String method;
  private final double[] effects;
  private final double intercept;
  private final int passes;
  private final double @Nullable [] standardErrors;

  Attribution(
      ComponentSet components,
      String method,
      double[] effects,
      double @Nullable [] standardErrors,
      double intercept,
      int passes) {
    this.components = components;
    this.method = method;
    this.effects = effects;
    this.standardErrors = standardErrors;
    this.intercept = intercept;
    this.passes = passes;
  }

  /**
   * One component and its effect.
   *
   * @param component what is kept or ablated
   * @param effect change of the output when it is kept, in units of the output function
   */
  public record Effect(Component component, double effect) {}

  /** The components, in the order of {@link #effects()}. */
  public ComponentSet components() {
    return components;
  }

  /** Change of the output per component kept, [n]; a copy. */
  public double[] effects() {
    return effects.clone();
  }

  /**
   * The standard error of every effect, [n]; a copy. Null where neither intervals were asked for
   * nor the method gives any. Twice as much on either side is about a 95 % interval; see {@link
   * io.ablate.estimate.Intervals} for what it covers.
   */
  public double @Nullable [] standardErrors() {
    return standardErrors == null ? null : standardErrors.clone();
  }

  /** The name of the method that found the effects; of {@code auto}, of the one that it chose. */
  public String method() {
    return method;
  }

  /** The predicted output when every component is ablated, in units of the output function. */
  public double intercept() {
    return intercept;
  }

  /** Pass equivalents that this attribution was allowed: ablated forward passes and gradients. */
  public int passes() {
    return passes;
  }

  /** The {@code count} components of largest effect by magnitude, largest first. */
  public List<Effect> top(int count) {
    return IntStream.range(0, effects.length)
        .boxed()
        .sorted(Comparator.comparingDouble(i -> -Math.abs(effects[i])))
        .limit(count)
        .map(i -> new Effect(components.columns().get(i), effects[i]))
        .toList();
  }

  /**
   * The predicted output when exactly the given columns are ablated.
   *
   * @throws IllegalArgumentException if a column is out of range or named twice
   */
  public double predictWithout(int... columns) {
    boolean[] ablated = new boolean[effects.length];
    double sum = intercept;
    for (double effect : effects) {
      sum += effect;
    }
    for (int column : columns) {
      if (column < 0 || column >= effects.length || ablated[column]) {
        throw new IllegalArgumentException(
            "column " + column + " is named twice or outside 0.." + (effects.length - 1));
      }
      ablated[column] = true;
      sum -= effects[column];
    }
    return sum;
  }
}
