package io.ablate.cuda;

import io.ablate.estimate.LassoFold;
import io.ablate.estimate.LassoSolver;
import io.ablate.mask.MaskMatrix;

/**
 * Lassos on an NVIDIA device, as many at once as its free memory holds. Gram matrices and masks go
 * there once a fit; λ goes there and errors come back at every step of the path. Thread-safe; one
 * call at a time is on the device.
 */
final class CudaLassoSolver implements LassoSolver {
  /** The rest is for what the driver takes for itself. */
  private static final double SHARE_OF_MEMORY = .6;

  private final SharedDevice shared;

  CudaLassoSolver(SharedDevice shared) {
    this.shared = shared;
  }

  @Override
  public String name() {
    return CudaLinearAlgebra.NAME;
  }

  @Override
  public int examplesTogether(long bytes) {
    double most = SHARE_OF_MEMORY * shared.call(Device::freeBytes) / bytes;
    // Coefficients of all examples are one array of the host as well.
    return (int) Math.clamp(most, 1, Integer.MAX_VALUE / Math.max(1, bytes / Double.BYTES));
  }

  @Override
  public int callsAtOnce(int threads) {
    return 1;
  }

  @Override
  public Rows rows(LassoFold fold) {
    return new OnDevice(shared, fold);
  }

  private static final class OnDevice implements Rows {
    private final SharedDevice shared;
    private final LassoFold fold;
    private final DeviceScope scope;
    private final DeviceLassos.Shared arrays;

    OnDevice(SharedDevice shared, LassoFold fold) {
      this.shared = shared;
      this.fold = fold;
      this.scope = shared.call(Device::scope);
      try {
        this.arrays = shared.call(device -> copy());
      } catch (RuntimeException e) {
        close();
        throw e;
      }
    }

    private DeviceLassos.Shared copy() {
      int n = fold.columns();
      MaskMatrix left = fold.heldOutMasks();
      return new DeviceLassos.Shared(
          scope.copy("Gram matrix", fold.gram(), n, n),
          scope.copy("masks left out", left.words(), left.rows(), left.wordsPerRow()),
          scope.copy("means", fold.columnMeans(), n));
    }

    @Override
    public Descents descents(int[] examples) {
      return new DeviceLassos(shared, fold, arrays, examples);
    }

    @Override
    public void close() {
      shared.callAndTrim(
          device -> {
            scope.close();
            return device;
          });
    }
  }
}
