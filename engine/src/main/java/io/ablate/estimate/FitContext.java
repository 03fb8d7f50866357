package io.ablate.estimate;

import io.ablate.base.Progress;
import io.ablate.linalg.LinearAlgebra;

/**
 * What a fit may use besides its data.
 *
 * @param algebra matrix backend
 * @param seed of whatever the method draws
 * @param progress told of long fits
 * @param threads how many examples may be fitted at a time; results do not depend on it
 * @param networks trains networks, for the methods that have some
 * @param lasso solves lassos on Gram matrices
 * @param shared what fits in this context have in common
 */
public record FitContext(
    LinearAlgebra algebra,
    long seed,
    Progress progress,
    int threads,
    NetworkTrainer networks,
    LassoSolver lasso,
    SharedWork shared) {
  public FitContext {
    if (threads < 1) {
      throw new IllegalArgumentException("threads = " + threads);
    }
  }

  /** With nothing in common yet. */
  public FitContext(
      LinearAlgebra algebra,
      long seed,
      Progress progress,
      int threads,
      NetworkTrainer networks,
      LassoSolver lasso) {
    this(algebra, seed, progress, threads, networks, lasso, new SharedWork());
  }

  /** With networks and lassos in plain Java. */
  public FitContext(LinearAlgebra algebra, long seed, Progress progress, int threads) {
    this(algebra, seed, progress, threads, NetworkTrainer.reference(), LassoSolver.reference());
  }

  /** As many threads as processors. */
  public FitContext(LinearAlgebra algebra, long seed, Progress progress) {
    this(algebra, seed, progress, Runtime.getRuntime().availableProcessors());
  }

  /** The same without reports of progress, for fits within a longer job. */
  public FitContext quiet() {
    return new FitContext(algebra, seed, Progress.NONE, threads, networks, lasso, shared);
  }

  /** The same for calls of {@link #networks}: with as many threads as it takes at once. */
  FitContext forNetworks() {
    return withThreads(networks.callsAtOnce(threads));
  }

  /** The same with another number of threads. */
  FitContext withThreads(int other) {
    return new FitContext(algebra, seed, progress, other, networks, lasso, shared);
  }
}
