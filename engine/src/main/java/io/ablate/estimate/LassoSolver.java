package io.ablate.estimate;

import java.util.List;

/**
 * Solves ‖ỹ − X̃θ‖²/2m + λ‖θ‖₁ for examples that share rows. {@link #reference} is what every other
 * implementation must agree with, up to the tolerance asked for. Thread-safe.
 *
 * <p>An example's result does not depend on those that are solved beside it.
 */
public interface LassoSolver {
  /** The one that is always there: {@link CoordinateDescent} on the processor. */
  static LassoSolver reference() {
    return JavaLassoSolver.INSTANCE;
  }

  /** For diagnostics: {@code "java"}, {@code "cuda"}, … */
  String name();

  /**
   * How many examples to hand over in one call, at least 1.
   *
   * @param examples how many there are
   * @param bytes what one example holds while it is solved
   */
  int examplesTogether(int examples, long bytes);

  /** How many calls may run at once where a fit may use so many threads. */
  int callsAtOnce(int threads);

  /**
   * Rows to solve on, with all that their examples share.
   *
   * @param folds with their Gram matrices, except for the {@link #reference}
   */
  Rows rows(List<LassoFold> folds);

  /** Several choices of the rows of one fit. Thread-safe. */
  interface Rows extends AutoCloseable {
    /** Lassos of some examples on each of the choices, at θ = 0; to be closed before these rows. */
    Block block(int[] examples);

    /** Frees what they hold. */
    @Override
    void close();
  }

  /** Lassos of some examples on several choices of rows. For one thread at a time. */
  interface Block extends AutoCloseable {
    /** Those on one of the choices, from 0. */
    Descents on(int fold);

    /** Frees what they hold. */
    @Override
    void close();
  }

  /** Lassos of several examples, each at a λ of its own. For one thread at a time. */
  interface Descents {
    /** The least λ of every example whose solution is 0. */
    double[] greatestLambda();

    /**
     * Goes on to other λ, from where the last call ended.
     *
     * @param lambda one per example; an example whose λ is NaN stands still
     * @param tolerance an example ends when no coordinate changed the fit by more than this share
     *     of its outputs' standard deviation
     */
    void solve(double[] lambda, double tolerance);

    /** Sums of squared errors on the fold that was left out. */
    double[] heldOutErrors();

    /** The solutions, examples × columns; a copy. */
    double[][] theta();
  }
}
