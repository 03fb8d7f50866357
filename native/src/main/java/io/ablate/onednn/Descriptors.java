package io.ablate.onednn;

import java.lang.foreign.MemorySegment;

/**
 * Descriptors of tensors: extents and order in memory, float32 where nothing else is said. They
 * live as long as the scope.
 */
final class Descriptors {
  private static final int[] PLAIN = {0, Const.TAG_A, Const.TAG_AB, 4, Const.TAG_ABCD, 6};

  private final NativeScope scope;

  Descriptors(NativeScope scope) {
    this.scope = scope;
  }

  /** In C order. */
  MemorySegment plain(long... dims) {
    return of(PLAIN[dims.length], Elements.F32, dims);
  }

  /** In whatever order the operation likes best. */
  MemorySegment any(Elements elements, long... dims) {
    return of(Const.TAG_ANY, elements, dims);
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
  MemorySegment of(Value value, Elements elements, int rows) {
    long[] dims = value.dims(rows);
    boolean positions = value.height() * value.width() > 1;
    return of(positions ? Const.TAG_ACDB : PLAIN[dims.length], elements, dims);
  }

  private MemorySegment of(int tag, Elements elements, long... dims) {
    return scope.make(
        "memory_desc",
        "dnnl_memory_desc_create_with_tag",
        dims.length,
        scope.longs(dims),
        elements.type(),
        tag);
  }

  static long bytes(MemorySegment descriptor) {
    return OneDnn.size("dnnl_memory_desc_get_size", descriptor);
  }

  static boolean equal(MemorySegment first, MemorySegment second) {
    return OneDnn.integer("dnnl_memory_desc_equal", first, second) != 0;
  }
}
