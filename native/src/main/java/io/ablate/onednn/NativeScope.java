package io.ablate.onednn;

import io.ablate.jit.MaskBackward;
import io.ablate.jit.WinogradTransforms;
import io.ablate.nativelib.NativeAllocations;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Objects of oneDNN and memory that live and end together. Making may be done by any thread, one at
 * a time.
 */
final class NativeScope implements AutoCloseable {
  /** Of vector instructions and cache lines. */
  private static final long ALIGNMENT = 64;

  private static final AtomicLong LIVE = new AtomicLong();

  private final Arena arena = Arena.ofShared();
  private final Deque<Ending> endings = new ArrayDeque<>();

  /** What is still to be done at the end, the last first. */
  private interface Ending {
    void run();
  }

  /** Objects of oneDNN that no scope has destroyed yet, in the whole process. */
  static long live() {
    return LIVE.get();
  }

  /**
   * Makes an object that this scope destroys.
   *
   * @param kind as in the name of the function that destroys it, {@code dnnl_KIND_destroy}
   * @param function what makes it
   */
  MemorySegment make(String kind, String function, Object... arguments) {
    MemorySegment object = OneDnn.make(function, arguments);
    endings.push(
        () -> {
          OneDnn.call("dnnl_" + kind + "_destroy", object);
          LIVE.decrementAndGet();
        });
    LIVE.incrementAndGet();
    NativeAllocations.add();
    return object;
  }

  /** Closes machine code together with this scope. */
  WinogradTransforms own(WinogradTransforms transforms) {
    endings.push(transforms::close);
    return transforms;
  }

  /** Closes machine code together with this scope. */
  MaskBackward own(MaskBackward code) {
    endings.push(code::close);
    return code;
  }

  MemorySegment memory(MemorySegment descriptor, MemorySegment address) {
    return make("memory", "dnnl_memory_create", descriptor, OneDnn.engine(), address);
  }

  /** Zeros. */
  MemorySegment allocate(long bytes) {
    NativeAllocations.add();
    return arena.allocate(Math.max(bytes, 1), ALIGNMENT);
  }

  MemorySegment longs(long... values) {
    MemorySegment segment = allocate(values.length * Long.BYTES);
    MemorySegment.copy(values, 0, segment, ValueLayout.JAVA_LONG, 0, values.length);
    return segment;
  }

  MemorySegment floats(float... values) {
    MemorySegment segment = allocate((long) values.length * Float.BYTES);
    MemorySegment.copy(values, 0, segment, ValueLayout.JAVA_FLOAT, 0, values.length);
    return segment;
  }

  /** Destroys what was made, the last first, and frees the memory. */
  @Override
  public void close() {
    while (!endings.isEmpty()) {
      endings.pop().run();
    }
    arena.close();
  }
}
