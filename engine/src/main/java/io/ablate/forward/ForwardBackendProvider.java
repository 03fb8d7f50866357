package io.ablate.forward;

import io.ablate.base.BackendProvider;

/**
 * Offers a backend to the engine through {@link java.util.ServiceLoader}. Its name is {@link
 * ForwardBackend#name()}; ONNX Runtime on the CPU is the reference.
 */
public interface ForwardBackendProvider extends BackendProvider {
  /** The backend; called only where {@link #whyUnusable()} is empty. */
  ForwardBackend create();
}
