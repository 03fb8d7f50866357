package io.ablate.onnx;

import java.util.Arrays;
import java.util.function.Supplier;
import java.util.stream.IntStream;

/**
 * A constant of the graph, seen through the nodes that reshape or convert it. Its values are
 * computed when asked for, and not kept.
 */
public final class Constant {
  private final String origin;
  private final long[] dims;
  private final int[] axes;
  private final Supplier<float[]> values;

  Constant(String origin, long[] dims, int[] axes, Supplier<float[]> values) {
    this.origin = origin;
    this.dims = dims.clone();
    this.axes = axes;
    this.values = values;
  }

  /** A stored tensor, as it is stored. */
  static Constant stored(String name, long[] dims, Supplier<float[]> values) {
    return new Constant(name, dims, IntStream.range(0, dims.length).toArray(), values);
  }

  /** The same axes with other values. */
  Constant withValues(Supplier<float[]> changed) {
    return new Constant(origin, dims, axes, changed);
  }

  /** The same values under another shape. */
  Constant reshaped(long[] shape) {
    return new Constant(origin, shape, filled(shape.length), values);
  }

  /** The axes in another order. */
  Constant transposed(int[] perm, Supplier<float[]> changed) {
    long[] shape = Arrays.stream(perm).mapToLong(i -> dims[i]).toArray();
    return new Constant(origin, shape, Arrays.stream(perm).map(i -> axes[i]).toArray(), changed);
  }

  /** Name of the initialiser, or of the output of the Constant node, that it comes from. */
  public String origin() {
    return origin;
  }

  /** Shape at the place where it was asked for. */
  public long[] dims() {
    return dims.clone();
  }

  /** Which axis of the stored tensor an axis is; −1 where a reshape lies between. */
  public int originAxis(int axis) {
    return axes[axis];
  }

  /** The values as float32 in C order; a fresh array. */
  public float[] floats() {
    return values.get();
  }

  private static int[] filled(int length) {
    int[] unknown = new int[length];
    Arrays.fill(unknown, -1);
    return unknown;
  }
}
