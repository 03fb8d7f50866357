package io.ablate.base;

/** A quality or speed gate that did not hold. */
public final class GateFailedException extends AblateException {
  private static final long serialVersionUID = 1L;

  public GateFailedException(Problem problem) {
    super(5, problem.message(), null);
  }

  public GateFailedException(Problem problem, Throwable cause) {
    super(5, problem.message(), cause);
  }
}
