package io.ablate.base;

/** A file, model, store or backend that cannot be used as it is. */
public final class BadInputException extends AblateException {
  private static final long serialVersionUID = 1L;

  public BadInputException(Problem problem) {
    super(3, problem.message(), null);
  }

  public BadInputException(Problem problem, Throwable cause) {
    super(3, problem.message(), cause);
  }
}
