package io.ablate.cuda;

import io.ablate.estimate.NetworkStart;
import io.ablate.estimate.NetworkTrainer;
import io.ablate.estimate.SparseRows;

/**
 * Networks on an NVIDIA device, as many at once as its free memory holds. Thread-safe; one call at
 * a time is on the device.
 */
final class CudaNetworkTrainer implements NetworkTrainer {
  /** The rest is for partial sums, masks, and what the driver takes for itself. */
  private static final double SHARE_OF_MEMORY = .6;

  private final SharedDevice device;

  CudaNetworkTrainer(SharedDevice device) {
    this.device = device;
  }

  @Override
  public String name() {
    return CudaLinearAlgebra.NAME;
  }

  @Override
  public int examplesTogether(int usual, long floats) {
    double bytes = SHARE_OF_MEMORY * device.call(Device::freeBytes);
    // Up to four networks of an example: a grid's third axis has no room for more.
    return (int) Math.clamp(bytes / (Float.BYTES * (double) floats), 1, Launch.MOST_BLOCKS_YZ / 4);
  }

  @Override
  public int callsAtOnce(int threads) {
    return 1;
  }

  @Override
  public AdamNetworks adam(SparseRows rows, float[][] target, NetworkStart start, float rate) {
    return new DeviceAdamNetworks(device, rows.packed(), target, start, rate);
  }

  @Override
  public RegularisedNetworks pathNorm(SparseRows rows, float[][] target, double[][] scale) {
    return new DevicePathNormNetworks(device, rows, target, scale);
  }
}
