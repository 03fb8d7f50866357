package io.ablate.linalg;

import io.ablate.base.Problem;
import java.util.Optional;

/**
 * Offers an implementation to the engine through {@link java.util.ServiceLoader}. Constructing a
 * provider must neither load native code nor fail.
 */
public interface LinearAlgebraProvider {
  /** As {@link LinearAlgebra#name()}. */
  String name();

  /** The usable provider of the highest rank is preferred; the EJML reference has rank 0. */
  int rank();

  /**
   * Why it cannot be used here, and what mends that; empty if it can. The first call may probe
   * (load libraries); later calls are cheap.
   */
  Optional<Problem> whyUnusable();

  /** Version of the library that computes; asked only where {@link #whyUnusable()} is empty. */
  String version();

  /**
   * The implementation; called only where {@link #whyUnusable()} is empty.
   *
   * @param threads how many threads a call may use, at least 1
   */
  LinearAlgebra create(int threads);
}
