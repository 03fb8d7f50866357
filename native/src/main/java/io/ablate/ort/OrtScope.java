package io.ablate.ort;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Objects of ONNX Runtime and memory that live and end together. Making may be done by any thread,
 * one at a time.
 */
final class OrtScope implements AutoCloseable {
  /** Of vector instructions and cache lines. */
  private static final long ALIGNMENT = 64;

  private static final AtomicLong LIVE = new AtomicLong();

  private final OrtTable table;
  private final Arena arena = Arena.ofShared();
  private final Deque<Owned> owned = new ArrayDeque<>();

  private record Owned(OrtFunction release, long object) {}

  OrtScope(OrtTable table) {
    this.table = table;
  }

  /** Objects that no scope has released yet, in the whole process. */
  static long live() {
    return LIVE.get();
  }

  OrtTable table() {
    return table;
  }

  /**
   * Makes an object that this scope releases.
   *
   * @param release what releases it
   * @param create what makes it, with all arguments but the last
   * @return its address
   */
  long make(OrtFunction release, OrtFunction create, Object... arguments) {
    long object = table.make(create, arguments);
    owned.push(new Owned(release, object));
    LIVE.incrementAndGet();
    return object;
  }

  /** Zeros. */
  MemorySegment allocate(long bytes) {
    return arena.allocate(Math.max(bytes, 1), ALIGNMENT);
  }

  /** Text that ends with a zero byte. */
  MemorySegment text(String text) {
    return arena.allocateFrom(text);
  }

  /** Releases what was made, the last first, and frees the memory. */
  @Override
  public void close() {
    while (!owned.isEmpty()) {
      Owned last = owned.pop();
      table.release(last.release(), last.object());
      LIVE.decrementAndGet();
    }
    arena.close();
  }
}
