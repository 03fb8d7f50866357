package io.ablate.cuda;

import io.ablate.base.BadInputException;
import io.ablate.base.Problem;
import java.util.ArrayList;
import java.util.List;

/**
 * Owns device memory: closing it frees all arrays made here. Not thread-safe.
 *
 * <pre>{@code
 * try (DeviceScope scope = device.scope()) {
 *   DeviceArray masks = scope.array("masks", ElementType.I64, rows, words);
 * }
 * }</pre>
 */
public final class DeviceScope implements AutoCloseable {
  private final Device device;
  private final MemoryPool pool;
  private final List<DeviceArray> arrays = new ArrayList<>();

  DeviceScope(Device device, MemoryPool pool) {
    this.device = device;
    this.pool = pool;
  }

  /**
   * A new array of undefined content.
   *
   * @throws BadInputException if the device has not enough memory
   */
  public DeviceArray array(String name, ElementType type, long... shape) {
    long bytes = Math.multiplyExact(DeviceArray.elements(shape), (long) type.bytes());
    long address = pool.allocate(bytes);
    if (address == 0) {
      throw new BadInputException(
          Problem.of("not enough device memory")
              .at(new DeviceArray(name, type, 0, shape) + " on " + device.describe())
              .expected(bytes + " bytes more")
              .found(pool.liveBytes() + " bytes in use by this process's arrays")
              .remedy("attribute fewer examples at a time, or use a device with more memory"));
    }
    DeviceArray array = new DeviceArray(name, type, address, shape);
    arrays.add(array);
    return array;
  }

  /** A new array of zeros. */
  public DeviceArray zeros(String name, ElementType type, long... shape) {
    DeviceArray array = array(name, type, shape);
    device.clear(array);
    return array;
  }

  /** A new array with the given content. */
  public DeviceArray copy(String name, long[] values, long... shape) {
    DeviceArray array = array(name, ElementType.I64, shape);
    device.write(array, values);
    return array;
  }

  /** A new array with the given content. */
  public DeviceArray copy(String name, int[] values, long... shape) {
    DeviceArray array = array(name, ElementType.I32, shape);
    device.write(array, values);
    return array;
  }

  /** A new array with the given content. */
  public DeviceArray copy(String name, float[] values, long... shape) {
    DeviceArray array = array(name, ElementType.F32, shape);
    device.write(array, values);
    return array;
  }

  /** A new array with the given content. */
  public DeviceArray copy(String name, double[] values, long... shape) {
    DeviceArray array = array(name, ElementType.F64, shape);
    device.write(array, values);
    return array;
  }

  /** Frees the arrays; a second call does nothing. */
  @Override
  public void close() {
    for (DeviceArray array : arrays.reversed()) {
      pool.free(array.address(), array.bytes());
    }
    arrays.clear();
  }
}
