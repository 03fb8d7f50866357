package io.ablate.linalg;

import java.util.Optional;

/**
 * Offers an implementation to {@link LinearAlgebras} through {@link java.util.ServiceLoader}.
 * Constructing a provider must neither load native code nor fail.
 */
public interface LinearAlgebraProvider {
  /** As {@link LinearAlgebra#name()}. */
  String name();

  /** The usable provider of the highest rank is chosen; the EJML reference has rank 0. */
  int rank();

  /**
   * Why it cannot be used here, with what mends it; empty if it can. The first call may probe (load
   * libraries); later calls are cheap.
   */
  Optional<String> whyUnusable();

  /** The implementation; called only where {@link #whyUnusable()} is empty. */
  LinearAlgebra create();
}
