package io.ablate.estimate;

import java.util.Arrays;

/**
 * Cyclic coordinate descent for ‖ỹ − X̃θ‖²/2m + λ‖θ‖₁ (Friedman, Hastie, Tibshirani 2010). A fit
 * starts where the last one ended, so that a path of falling λ costs little more than its end. Only
 * a list of columns is swept: those that were ever not 0, and those that the sequential strong rule
 * (Tibshirani et al. 2012) cannot exclude; the optimality conditions of all others are checked at
 * the end, and those that fail join the list.
 */
final class CoordinateDescent {
  /** A bound on the work where columns are nearly collinear. */
  private static final int MOST_SWEEPS = 5000;

  private final LassoRows rows;
  private final double[] theta;
  private final double greatestLambda;
  private final boolean[] listed;
  private int[] list = new int[16];
  private int length;
  private double previous;

  CoordinateDescent(LassoRows rows) {
    this.rows = rows;
    this.theta = new double[rows.columns()];
    this.listed = new boolean[rows.columns()];
    this.greatestLambda = Arrays.stream(rows.gradients()).map(Math::abs).max().orElse(0);
    this.previous = greatestLambda;
  }

  /** The least λ whose solution is 0. */
  double greatestLambda() {
    return greatestLambda;
  }

  /**
   * Solves for λ.
   *
   * @param tolerance sweeps end when no coordinate changed the fit by more than this share of the
   *     outputs' standard deviation
   */
  void solve(double lambda, double tolerance) {
    double enough = tolerance * tolerance * rows.outputSquare();
    include(Math.max(0, Math.min(lambda, 2 * lambda - previous)));
    int sweeps = 0;
    do {
      while (sweep(lambda) > enough && ++sweeps < MOST_SWEEPS) {}
    } while (include(lambda * (1 + 1e-9)) && sweeps < MOST_SWEEPS);
    previous = lambda;
  }

  /**
   * One pass over the list; returns the greatest mean square by which a coordinate changed the fit.
   */
  private double sweep(double lambda) {
    double greatest = 0;
    for (int i = 0; i < length; i++) {
      int j = list[i];
      double square = rows.square(j);
      double target = rows.gradient(j) + square * theta[j];
      double value =
          Math.abs(target) <= lambda ? 0 : (target - Math.copySign(lambda, target)) / square;
      double change = value - theta[j];
      if (change != 0) {
        rows.move(j, change);
        theta[j] = value;
        greatest = Math.max(greatest, square * change * change);
      }
    }
    return greatest;
  }

  /** Lists the columns whose gradient exceeds a bound; whether there were any new ones. */
  private boolean include(double bound) {
    double[] gradient = rows.gradients();
    boolean found = false;
    for (int j = 0; j < gradient.length; j++) {
      if (Math.abs(gradient[j]) > bound && !listed[j] && rows.square(j) > 0) {
        if (length == list.length) {
          list = Arrays.copyOf(list, Math.min(theta.length, 2 * length));
        }
        list[length++] = j;
        listed[j] = true;
        found = true;
      }
    }
    return found;
  }

  /** Columns that may differ from 0: the first {@link #listLength} entries. */
  int[] list() {
    return list;
  }

  int listLength() {
    return length;
  }

  /** The solution, n; live. */
  double[] theta() {
    return theta;
  }

  int nonZero() {
    int count = 0;
    for (int i = 0; i < length; i++) {
      count += theta[list[i]] != 0 ? 1 : 0;
    }
    return count;
  }
}
