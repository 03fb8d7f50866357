package io.ablate.estimate;

import io.ablate.base.DeviceProvider;
import io.ablate.linalg.LinearAlgebraProvider;
import java.util.List;

/** Offers devices that fits can run on; found as a {@link DeviceProvider}. Thread-safe. */
public interface FitDeviceProvider extends DeviceProvider {
  /** Whether fits may run there that no device was named for; linear algebra goes by its rank. */
  default boolean isTakenUnasked() {
    return true;
  }

  /**
   * Linear algebra on a device.
   *
   * @param index as the driver counts, from 0
   */
  LinearAlgebraProvider algebra(int index);

  /**
   * Networks on devices that compute alike, to which examples are dealt.
   *
   * @param indices of devices that can be used, at least one
   */
  NetworkTrainer networks(List<Integer> indices);

  /** Lassos, likewise. */
  LassoSolver lasso(List<Integer> indices);
}
