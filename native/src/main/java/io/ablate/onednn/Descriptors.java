package io.ablate.onednn;

import java.lang.foreign.MemorySegment;

/**
 * Descriptors of tensors: extents and order in memory, all float32. They live as long as the scope.
 */
final class Descriptors {
  private static final int[] PLAIN = {0, Const.TAG_A, Const.TAG_AB, 4, Const.TAG_ABCD, 6};

  private final NativeScope scope;

  Descriptors(NativeScope scope) {
    this.scope = scope;
  }

  /** In C order. */
  MemorySegment plain(long... dims) {
    return of(PLAIN[dims.length], dims);
  }

  /** In whatever order the operation likes best. */
  MemorySegment any(long... dims) {
    return of(Const.TAG_ANY, dims);
  }

  /** With given distances between elements. */
  MemorySegment strided(long[] dims, long[] strides) {
    return scope.make(
        "memory_desc",
        "dnnl_memory_desc_create_with_strides",
        dims.length,
        scope.longs(dims),
        Const.F32,
        scope.longs(strides));
  }

  /**
   * Of a value, channels innermost.
   *
   * @param rows how many of its rows
   */
  MemorySegment of(Value value, int rows) {
    long[] dims = value.dims(rows);
    boolean positions = value.height() * value.width() > 1;
    return positions ? of(Const.TAG_ACDB, dims) : plain(dims);
  }

  private MemorySegment of(int tag, long... dims) {
    return scope.make(
        "memory_desc",
        "dnnl_memory_desc_create_with_tag",
        dims.length,
        scope.longs(dims),
        Const.F32,
        tag);
  }

  static long bytes(MemorySegment descriptor) {
    return OneDnn.size("dnnl_memory_desc_get_size", descriptor);
  }

  static boolean equal(MemorySegment first, MemorySegment second) {
    return OneDnn.integer("dnnl_memory_desc_equal", first, second) != 0;
  }
}
