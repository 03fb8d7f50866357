package io.ablate.forward;

import io.ablate.base.Problem;
import java.util.Optional;

/**
 * Offers a backend to the engine through {@link java.util.ServiceLoader}. Constructing a provider
 * must neither load native code nor fail.
 */
public interface ForwardBackendProvider {
  /** As {@link ForwardBackend#name()}. */
  String name();

  /** The usable provider of the highest rank is preferred; ONNX Runtime has rank 0. */
  int rank();

  /**
   * Why it cannot be used here, and what mends that; empty if it can. The first call may probe
   * (load libraries); later calls are cheap.
   */
  Optional<Problem> whyUnusable();

  /** Version of the library that computes; asked only where {@link #whyUnusable()} is empty. */
  String version();

  /** The backend; called only where {@link #whyUnusable()} is empty. */
  ForwardBackend create();
}
