package io.ablate.linalg;

import io.ablate.base.BackendProvider;

/**
 * Offers an implementation to the engine through {@link java.util.ServiceLoader}. Its name is
 * {@link LinearAlgebra#name()}; EJML is the reference.
 */
public interface LinearAlgebraProvider extends BackendProvider {
  /**
   * The implementation; called only where {@link #whyUnusable()} is empty.
   *
   * @param threads how many threads a call may use, at least 1
   */
  LinearAlgebra create(int threads);

  /** What {@code auto} takes: it may leave to another what that one does better. */
  default LinearAlgebra createForAuto(int threads) {
    return create(threads);
  }
}
