package io.ablate.estimate;

import io.ablate.base.DeviceProvider;
import io.ablate.linalg.LinearAlgebraProvider;
import java.util.List;

/** Offers devices that fits can run on; found as a {@link DeviceProvider}. Thread-safe. */
public interface FitDeviceProvider extends DeviceProvider {
  /**
   * Whether a device has units for float64 enough that linear algebra shall go there where nobody
   * named a device or a backend.
   */
  boolean isFastInDouble(int index);

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
