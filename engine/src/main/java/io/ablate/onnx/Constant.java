package io.ablate.onnx;

import java.util.function.Supplier;

/**
 * A constant of the graph, seen through the nodes that reshape or convert it. Its values are
 * computed when asked for, and not kept.
 */
public final class Constant {
  private final String origin;
  private final long[] dims;
  private final Supplier<float[]> values;

  Constant(String origin, long[] dims, Supplier<float[]> values) {
    this.origin = origin;
    this.dims = dims.clone();
    this.values = values;
  }

  /** Name of the initialiser, or of the output of the Constant node, that it comes from. */
  public String origin() {
    return origin;
  }

  /** Shape at the place where it was asked for. */
  public long[] dims() {
    return dims.clone();
  }

  /** The values as float32 in C order; a fresh array. */
  public float[] floats() {
    return values.get();
  }
}
