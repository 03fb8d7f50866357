package io.ablate.ort;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** Extents of ONNX Runtime's tensors. */
final class OrtShapes {
  private OrtShapes() {}

  static long[] of(OrtTable table, long value) {
    long info = table.make(OrtFunction.GET_TENSOR_TYPE_AND_SHAPE, value);
    try (Arena local = Arena.ofConfined()) {
      long axes = table.make(OrtFunction.GET_DIMENSIONS_COUNT, info);
      MemorySegment found = local.allocate(JAVA_LONG, axes);
      table.call(OrtFunction.GET_DIMENSIONS, info, found, axes);
      return found.toArray(JAVA_LONG);
    } finally {
      table.release(OrtFunction.RELEASE_TENSOR_TYPE_AND_SHAPE, info);
    }
  }
}
