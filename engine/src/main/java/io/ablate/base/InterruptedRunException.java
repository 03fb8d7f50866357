package io.ablate.base;

/** A run that was interrupted; what a store was to hold of it is kept and can be resumed. */
public final class InterruptedRunException extends AblateException {
  private static final long serialVersionUID = 1L;

  public InterruptedRunException(Problem problem) {
    super(4, problem.message(), null);
  }

  public InterruptedRunException(Problem problem, Throwable cause) {
    super(4, problem.message(), cause);
  }
}
