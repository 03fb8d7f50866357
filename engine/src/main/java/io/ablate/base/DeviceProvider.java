package io.ablate.base;

import java.util.List;
import java.util.Optional;

/**
 * Offers devices of a kind, for example GPUs, through {@link java.util.ServiceLoader}; {@link
 * #name} is the word of the option {@code --device}. {@link #whyUnusable()} tells of the kind as a
 * whole: it is empty where at least one device can be used.
 */
public interface DeviceProvider extends BackendProvider {
  /**
   * Why one device cannot be used here; empty if it can.
   *
   * @param index as the driver counts, from 0
   */
  Optional<Problem> whyUnusable(int index);

  /**
   * The devices that compute the same as one that can be used, itself first: work may be dealt to
   * all of them.
   */
  default List<Integer> alike(int index) {
    return List.of(index);
  }

  /** One line about every device that is there, usable or not. */
  List<String> devices();
}
