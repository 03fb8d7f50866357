package io.ablate.cuda;

import io.ablate.estimate.NetworkStart;
import io.ablate.estimate.NetworkTrainer;
import io.ablate.estimate.SparseRows;

/**
 * Networks on NVIDIA devices, as many at once as their free memory holds. Thread-safe; one call at
 * a time is on a device.
 */
final class CudaNetworkTrainer implements NetworkTrainer {
  /** The rest is for partial sums, masks, and what the driver takes for itself. */
  private static final double SHARE_OF_MEMORY = .6;

  private final DeviceGroup devices;

  CudaNetworkTrainer(DeviceGroup devices) {
    this.devices = devices;
  }

  @Override
  public String name() {
    return CudaLinearAlgebra.NAME;
  }

  @Override
  public int examplesTogether(int examples, int usual, long floats) {
    // Up to four networks of an example: a grid's third axis has no room for more.
    return devices.examplesTogether(
        examples, SHARE_OF_MEMORY, Float.BYTES * (double) floats, Launch.MOST_BLOCKS_YZ / 4);
  }

  @Override
  public int callsAtOnce(int threads) {
    return devices.size();
  }

  @Override
  public AdamNetworks adam(SparseRows rows, float[][] target, NetworkStart start, float rate) {
    return new DeviceAdamNetworks(devices, rows.packed(), target, start, rate);
  }

  @Override
  public RegularisedNetworks pathNorm(SparseRows rows, float[][] target, double[][] scale) {
    return new DevicePathNormNetworks(devices, rows, target, scale);
  }
}
