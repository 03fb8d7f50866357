package io.ablate.estimate;

import java.util.Arrays;

/**
 * Minimises minus a log posterior of some dozens of variables by steps that solve (H + λ diag H)
 * step = −gradient, where H stands for the Hessian: scoring, damped as Marquardt (1963) damps least
 * squares. With a good H it took a fifth of the evaluations of a quasi-Newton search.
 * Deterministic.
 */
final class DampedScoring {
  private static final double LARGEST_STEP = 1.5;
  private static final double FIRST_DAMPING = .05;
  private static final double LEAST_DAMPING = 1e-3;
  private static final double MOST_DAMPING = 1e8;

  private DampedScoring() {}

  /** A function of n variables; it may return infinity where it is not defined. */
  @FunctionalInterface
  interface Objective {
    /**
     * @param gradient n, written
     * @param hessian n × n zeros, to become positive definite and near the Hessian
     */
    double value(double[] x, double[] gradient, double[] hessian);
  }

  /**
   * The second derivative by log v adds v ∂/∂v to the variance's own. Left out where it is
   * negative, so that the sum stays positive definite; without it a variance that vanishes takes
   * its time.
   */
  static double ofLogarithm(double firstDerivative) {
    return Math.max(0, firstDerivative);
  }

  /** A point and the function's value there. */
  record Found(double[] x, double value) {}

  private record Point(double[] x, double value, double[] gradient, double[] hessian) {
    static Point of(Objective f, double[] x) {
      double[] gradient = new double[x.length];
      double[] hessian = new double[x.length * x.length];
      return new Point(x, f.value(x, gradient, hessian), gradient, hessian);
    }

    double[] after(double[] step) {
      double[] next = x.clone();
      Arrays.setAll(next, i -> x[i] + step[i]);
      return next;
    }

    /** No entry of it is larger than {@link #LARGEST_STEP}. */
    double[] step(double damping) {
      int n = x.length;
      double[] damped = hessian.clone();
      for (int i = 0; i < n; i++) {
        damped[i * n + i] *= 1 + damping;
      }
      double[] full = solve(damped);
      double largest = Arrays.stream(full).map(Math::abs).max().orElse(0);
      double factor = -Math.min(1, LARGEST_STEP / largest);
      return Arrays.stream(full).map(d -> factor * d).toArray();
    }

    private double[] solve(double[] damped) {
      int n = x.length;
      try {
        return LayerKernels.timesSymmetric(SmallCholesky.of(damped, n).inverse(), gradient);
      } catch (ArithmeticException e) {
        // Positive definite but for rounding: its diagonal will do for a step.
        double[] byDiagonal = gradient.clone();
        Arrays.setAll(byDiagonal, i -> gradient[i] / damped[i * n + i]);
        return byDiagonal;
      }
    }

    /** By how much a step lowers the value if the Hessian is what stands for it. */
    double gain(double[] step) {
      double gain = 0;
      for (int i = 0; i < step.length; i++) {
        double curved = 0;
        for (int j = 0; j < step.length; j++) {
          curved += hessian[i * step.length + j] * step[j];
        }
        gain -= step[i] * (gradient[i] + .5 * curved);
      }
      return gain;
    }
  }

  /**
   * From {@code start} until no step promises a relative {@code tolerance}, or for so many
   * evaluations.
   */
  static Found minimise(Objective f, double[] start, int evaluations, double tolerance) {
    Point best = Point.of(f, start.clone());
    if (best.value == Double.POSITIVE_INFINITY) {
      return new Found(best.x, best.value);
    }
    double damping = 0;
    for (int i = 1; i < evaluations && damping < MOST_DAMPING; i++) {
      double promised = best.gain(best.step(0));
      if (!(promised > tolerance * (1 + Math.abs(best.value)))) {
        break;
      }
      double[] step = best.step(damping);
      double expected = best.gain(step);
      Point next = Point.of(f, best.after(step));
      double gain = best.value - next.value;
      if (gain > 0) {
        best = next;
      }
      damping = damping(damping, gain / expected);
    }
    return new Found(best.x, best.value);
  }

  /** Less where the value fell as the Hessian's stand-in said, more where it fell by far less. */
  private static double damping(double last, double kept) {
    if (!(kept > 0)) {
      return Math.max(2 * FIRST_DAMPING, 8 * last);
    }
    if (kept < .25) {
      return Math.max(FIRST_DAMPING, 3 * last);
    }
    double less = kept > .75 ? last / 8 : last;
    return less < LEAST_DAMPING ? 0 : less;
  }
}
