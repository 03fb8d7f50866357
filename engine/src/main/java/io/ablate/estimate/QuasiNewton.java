package io.ablate.estimate;

import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;

/**
 * Minimises a smooth function of some dozens of variables: limited-memory BFGS with a backtracking
 * line search (Nocedal, Wright 2006, algorithm 7.5). Deterministic.
 */
final class QuasiNewton {
  private static final int MEMORY = 12;
  private static final double SUFFICIENT = 1e-4;
  private static final double LARGEST_STEP = 1.5;

  private QuasiNewton() {}

  /** A function that writes its gradient; it may return infinity where it is not defined. */
  @FunctionalInterface
  interface Objective {
    double value(double[] x, double[] gradient);
  }

  /** The step, the change of the gradient, and 1 / their product. */
  private record Pair(double[] step, double[] change, double inverse) {}

  /**
   * From {@code start} until no step gains a relative {@code tolerance}, or for {@code iterations}.
   */
  static double[] minimise(Objective f, double[] start, int iterations, double tolerance) {
    double[] x = start.clone();
    double[] gradient = new double[x.length];
    double value = f.value(x, gradient);
    Deque<Pair> pairs = new ArrayDeque<>();
    for (int iteration = 0; iteration < iterations; iteration++) {
      double[] direction = direction(gradient, pairs);
      double slope = dot(direction, gradient);
      double largest = Arrays.stream(direction).map(Math::abs).max().orElse(0);
      if (!(slope < 0)) {
        break;
      }
      double step = Math.min(1, LARGEST_STEP / largest);
      double[] next = new double[x.length];
      double[] nextGradient = new double[x.length];
      double nextValue = Double.POSITIVE_INFINITY;
      for (int halving = 0; halving < 12; halving++, step *= .4) {
        for (int i = 0; i < x.length; i++) {
          next[i] = x[i] + step * direction[i];
        }
        nextValue = f.value(next, nextGradient);
        if (nextValue <= value + SUFFICIENT * step * slope) {
          break;
        }
      }
      if (!(nextValue < value)) {
        break;
      }
      remember(pairs, x, next, gradient, nextGradient);
      double gain = value - nextValue;
      x = next;
      gradient = nextGradient;
      value = nextValue;
      if (gain < tolerance * (1 + Math.abs(value))) {
        break;
      }
    }
    return x;
  }

  private static void remember(
      Deque<Pair> pairs, double[] x, double[] next, double[] gradient, double[] nextGradient) {
    double[] step = new double[x.length];
    double[] change = new double[x.length];
    for (int i = 0; i < x.length; i++) {
      step[i] = next[i] - x[i];
      change[i] = nextGradient[i] - gradient[i];
    }
    double product = dot(step, change);
    if (product > 1e-12 * dot(change, change)) {
      pairs.addLast(new Pair(step, change, 1 / product));
      if (pairs.size() > MEMORY) {
        pairs.removeFirst();
      }
    }
  }

  private static double[] direction(double[] gradient, Deque<Pair> pairs) {
    double[] q = gradient.clone();
    double[] weights = new double[pairs.size()];
    int at = pairs.size();
    for (var newest = pairs.descendingIterator(); newest.hasNext(); ) {
      Pair pair = newest.next();
      weights[--at] = pair.inverse * dot(pair.step, q);
      add(q, pair.change, -weights[at]);
    }
    double scale =
        pairs.isEmpty()
            ? 1 / Math.max(1e-300, Math.sqrt(dot(gradient, gradient)))
            : 1 / (pairs.getLast().inverse * dot(pairs.getLast().change, pairs.getLast().change));
    for (int i = 0; i < q.length; i++) {
      q[i] *= scale;
    }
    for (Pair pair : pairs) {
      add(q, pair.step, weights[at++] - pair.inverse * dot(pair.change, q));
    }
    for (int i = 0; i < q.length; i++) {
      q[i] = -q[i];
    }
    return q;
  }

  private static double dot(double[] a, double[] b) {
    double sum = 0;
    for (int i = 0; i < a.length; i++) {
      sum += a[i] * b[i];
    }
    return sum;
  }

  private static void add(double[] target, double[] source, double factor) {
    for (int i = 0; i < target.length; i++) {
      target[i] += factor * source[i];
    }
  }
}
