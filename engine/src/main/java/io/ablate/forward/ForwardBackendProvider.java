package io.ablate.forward;

import io.ablate.base.BackendProvider;
import io.ablate.base.Problem;
import java.util.Optional;

/**
 * Offers a backend to the engine through {@link java.util.ServiceLoader}. Its name is {@link
 * ForwardBackend#name()}; ONNX Runtime on the CPU is the reference.
 */
public interface ForwardBackendProvider extends BackendProvider {
  /**
   * What it runs on, as in {@code --device}: the processor, or a kind of {@code DeviceProvider}.
   */
  default String device() {
    return "cpu";
  }

  /**
   * Why it cannot be used on one of its devices, the first thing that is missing; empty if it can.
   *
   * @param index of the device, from 0
   */
  default Optional<Problem> whyUnusable(int index) {
    return whyUnusable();
  }

  /** The backend on one of its devices; called only where {@link #whyUnusable(int)} is empty. */
  default ForwardBackend create(int index) {
    return create();
  }

  /**
   * The backend, on all devices that compute as its first one does; called only where {@link
   * #whyUnusable()} is empty.
   */
  ForwardBackend create();
}
