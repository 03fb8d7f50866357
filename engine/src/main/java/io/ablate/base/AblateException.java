package io.ablate.base;

import org.jspecify.annotations.Nullable;

/**
 * A fault that is the user's to mend, with the exit code that the command line documents for it.
 */
public abstract class AblateException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final int exitCode;

  AblateException(int exitCode, String message, @Nullable Throwable cause) {
    super(message, cause);
    this.exitCode = exitCode;
  }

  /** 2 usage, 3 bad input, 4 interrupted but resumable, 5 a gate failed. */
  public int exitCode() {
    return exitCode;
  }
}
