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
 */
public record FitContext(LinearAlgebra algebra, long seed, Progress progress, int threads) {
  public FitContext {
    if (threads < 1) {
      throw new IllegalArgumentException("threads = " + threads);
    }
  }

  /** As many threads as processors. */
  public FitContext(LinearAlgebra algebra, long seed, Progress progress) {
    this(algebra, seed, progress, Runtime.getRuntime().availableProcessors());
  }

  /** The same without reports of progress, for fits within a longer job. */
  public FitContext quiet() {
    return new FitContext(algebra, seed, Progress.NONE, threads);
  }
}
