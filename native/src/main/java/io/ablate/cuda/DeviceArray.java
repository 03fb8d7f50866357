package io.ablate.cuda;

import java.util.Arrays;

/**
 * A row-major array in device memory, owned by the {@link DeviceScope} that made it. A value:
 * thread-safe, but what it names ends with the scope.
 */
public final class DeviceArray {
  private final String name;
  private final ElementType type;
  private final long[] shape;
  private final long address;

  DeviceArray(String name, ElementType type, long address, long... shape) {
    this.name = name;
    this.type = type;
    this.address = address;
    this.shape = shape.clone();
  }

  static long elements(long... shape) {
    long elements = 1;
    for (long extent : shape) {
      if (extent < 0) {
        throw new IllegalArgumentException("negative extent in " + Arrays.toString(shape));
      }
      elements = Math.multiplyExact(elements, extent);
    }
    return elements;
  }

  /** For messages. */
  public String name() {
    return name;
  }

  public ElementType type() {
    return type;
  }

  /** Where it begins, in the device's address space. */
  public long address() {
    return address;
  }

  /** An extent as an int; kernels count rows and columns in 32 bits. */
  int extent(int axis) {
    return Math.toIntExact(shape[axis]);
  }

  /** Number of elements. */
  public long elements() {
    return elements(shape);
  }

  /** Size in bytes. */
  public long bytes() {
    return elements() * type.bytes();
  }

  /**
   * This array, once its type and shape are checked.
   *
   * @throws IllegalArgumentException if they are others
   */
  DeviceArray require(ElementType type, long... shape) {
    if (this.type != type || !Arrays.equals(this.shape, shape)) {
      throw new IllegalArgumentException(
          "array "
              + name
              + ": expected "
              + type
              + " "
              + Arrays.toString(shape)
              + ", found "
              + this.type
              + " "
              + Arrays.toString(this.shape));
    }
    return this;
  }

  /** This array, once its type and number of axes are checked. */
  DeviceArray requireAxes(ElementType type, int axes) {
    if (shape.length != axes) {
      throw new IllegalArgumentException(
          "array " + name + ": expected " + axes + " axes, found " + Arrays.toString(shape));
    }
    return require(type, shape);
  }

  @Override
  public String toString() {
    return name + " " + type + " " + Arrays.toString(shape);
  }
}
