package io.ablate.estimate;

import io.ablate.base.DeviceProvider;
import io.ablate.linalg.LinearAlgebraProvider;

/** Offers devices that fits can run on; found as a {@link DeviceProvider}. Thread-safe. */
public interface FitDeviceProvider extends DeviceProvider {
  /**
   * Linear algebra on a device.
   *
   * @param index as the driver counts, from 0
   */
  LinearAlgebraProvider algebra(int index);

  /**
   * Networks on a device.
   *
   * @param index of a device that can be used
   */
  NetworkTrainer networks(int index);
}
