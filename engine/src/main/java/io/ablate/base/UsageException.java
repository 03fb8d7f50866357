package io.ablate.base;

/** An option or argument whose value cannot be used. */
public final class UsageException extends AblateException {
  private static final long serialVersionUID = 1L;

  public UsageException(Problem problem) {
    super(2, problem.message(), null);
  }

  public UsageException(Problem problem, Throwable cause) {
    super(2, problem.message(), cause);
  }
}
