package io.ablate.cuda;

import io.ablate.estimate.LassoFold;
import io.ablate.estimate.LassoSolver;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Lassos on NVIDIA devices, as many at once as their free memory holds. Gram matrices and masks go
 * to every device once a fit; λ goes there and errors come back at every step of the path.
 * Thread-safe; one call at a time is on a device.
 */
final class CudaLassoSolver implements LassoSolver {
  /** The rest is for what the driver takes for itself. */
  private static final double SHARE_OF_MEMORY = .6;

  /**
   * Of a call's examples, whatever the device's memory: some of their arrays are the host's too,
   * where one has fewer than 2³¹ numbers of 8 bytes.
   */
  private static final long MOST_BYTES = 1L << 34;

  private final DeviceGroup devices;

  CudaLassoSolver(DeviceGroup devices) {
    this.devices = devices;
  }

  @Override
  public String name() {
    return CudaLinearAlgebra.NAME;
  }

  @Override
  public int examplesTogether(int examples, long bytes) {
    long most = MOST_BYTES / Math.max(1, bytes);
    return devices.examplesTogether(examples, SHARE_OF_MEMORY, (double) bytes, most);
  }

  @Override
  public int callsAtOnce(int threads) {
    return devices.size();
  }

  @Override
  public Rows rows(List<LassoFold> folds) {
    return new OnDevices(devices, List.copyOf(folds));
  }

  /** Copied to a device when the first examples go there. */
  private static final class OnDevices implements Rows {
    private final DeviceGroup devices;
    private final List<LassoFold> folds;
    private final Map<SharedDevice, Copy> copies = new HashMap<>();

    private record Copy(DeviceScope scope, List<DeviceLassos.Shared> arrays) {}

    OnDevices(DeviceGroup devices, List<LassoFold> folds) {
      this.devices = devices;
      this.folds = folds;
    }

    @Override
    public Block block(int[] examples) {
      SharedDevice device = devices.take();
      try {
        return new OnOne(devices, device, folds, arrays(device), examples);
      } catch (RuntimeException e) {
        devices.giveBack(device);
        throw e;
      }
    }

    private synchronized List<DeviceLassos.Shared> arrays(SharedDevice device) {
      return copies.computeIfAbsent(device, this::copy).arrays();
    }

    private Copy copy(SharedDevice shared) {
      return shared.call(
          device -> {
            DeviceScope scope = device.scope();
            try {
              return new Copy(
                  scope, folds.stream().map(fold -> DeviceLassos.Shared.of(scope, fold)).toList());
            } catch (RuntimeException e) {
              scope.close();
              throw e;
            }
          });
    }

    @Override
    public synchronized void close() {
      copies.forEach((shared, copy) -> free(shared, copy.scope()));
      copies.clear();
    }
  }

  private static void free(SharedDevice shared, DeviceScope scope) {
    shared.callAndTrim(
        device -> {
          scope.close();
          return device;
        });
  }

  /** Some examples on every fold, on one device. */
  private static final class OnOne implements Block {
    private final DeviceGroup devices;
    private final SharedDevice shared;
    private final DeviceScope scope;
    private final List<DeviceLassos> folds = new ArrayList<>();

    OnOne(
        DeviceGroup devices,
        SharedDevice shared,
        List<LassoFold> folds,
        List<DeviceLassos.Shared> arrays,
        int[] examples) {
      this.devices = devices;
      this.shared = shared;
      this.scope = shared.call(Device::scope);
      try {
        for (int f = 0; f < folds.size(); f++) {
          this.folds.add(new DeviceLassos(shared, scope, folds.get(f), arrays.get(f), examples));
        }
      } catch (RuntimeException e) {
        free(shared, scope);
        throw e;
      }
    }

    @Override
    public Descents on(int fold) {
      return folds.get(fold);
    }

    @Override
    public void close() {
      free(shared, scope);
      devices.giveBack(shared);
    }
  }
}
