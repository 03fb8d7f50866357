package io.ablate.onednn;

import io.ablate.base.Problem;

/** A model holds what programs cannot express; another backend runs it. */
final class UnsupportedGraphException extends Exception {
  private static final long serialVersionUID = 1;

  private final transient Problem problem;

  UnsupportedGraphException(Problem problem) {
    super(problem.message());
    this.problem = problem;
  }

  Problem problem() {
    return problem;
  }
}
