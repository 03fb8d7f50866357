package io.ablate.nativelib;

import io.ablate.base.Problem;

/** Why a shared library cannot be used here, and what mends it. */
public final class LibraryUnavailableException extends Exception {
  private static final long serialVersionUID = 1L;

  private final transient Problem problem;

  public LibraryUnavailableException(Problem problem) {
    super(problem.message());
    this.problem = problem;
  }

  LibraryUnavailableException(Problem problem, Throwable cause) {
    super(problem.message(), cause);
    this.problem = problem;
  }

  public Problem problem() {
    return problem;
  }
}
