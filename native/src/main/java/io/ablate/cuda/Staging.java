package io.ablate.cuda;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.function.IntFunction;
import java.util.stream.IntStream;

/**
 * Host memory through which arrays of the heap go to a device and back, in pieces of 4 MiB: one is
 * filled, by several threads, while the one before is on its way. For one thread at a time.
 */
final class Staging implements AutoCloseable {
  private static final int PIECE = 4 << 20; // two of them stay in a processor's cache
  private static final int LEAST = 64 << 10;
  private static final long PAGE = 4096;

  /** Bytes that are worth a thread. */
  private static final int OF_A_THREAD = 1 << 20;

  private final DeviceDriver driver;
  private final MemorySegment[] buffers = {MemorySegment.NULL, MemorySegment.NULL};

  Staging(DeviceDriver driver) {
    this.driver = driver;
  }

  /** Arrays of one size, one after the other. */
  record Rows(int count, long bytesEach, IntFunction<MemorySegment> row) {
    static Rows of(MemorySegment all) {
      return new Rows(1, all.byteSize(), only -> all);
    }

    long bytes() {
      return count * bytesEach;
    }

    private interface Copy {
      void copy(MemorySegment part, long at);
    }

    /** Walks through what bytes {@code from} to {@code to} are of each row. */
    private void each(long from, long to, Copy copy) {
      for (long at = from; at < to; ) {
        long within = at % bytesEach;
        long size = Math.min(bytesEach - within, to - at);
        MemorySegment part = row.apply((int) (at / bytesEach)).asSlice(within, size);
        copy.copy(part, at - from);
        at += size;
      }
    }

    void fill(MemorySegment target, long from) {
      each(
          from,
          from + target.byteSize(),
          (part, at) -> MemorySegment.copy(part, 0, target, at, part.byteSize()));
    }

    void take(MemorySegment source, long from) {
      each(
          from,
          from + source.byteSize(),
          (part, at) -> MemorySegment.copy(source, at, part, 0, part.byteSize()));
    }
  }

  /** Copies to the device; done when it returns. */
  void write(long address, Rows source) {
    long bytes = source.bytes();
    for (long at = 0; at < bytes; at += PIECE) {
      MemorySegment piece = buffer((int) (at / PIECE % 2), Math.min(PIECE, bytes - at));
      inParts(piece, at, source::fill);
      if (at > 0) {
        driver.synchronize(); // the other piece, which is filled next, has arrived
      }
      CopiedBytes.addToDevice((int) piece.byteSize());
      driver.send(address, at, bytes(piece));
    }
    driver.synchronize();
  }

  /** Copies from the device. */
  void read(long address, Rows target) {
    long bytes = target.bytes();
    for (long at = 0; at < bytes; at += PIECE) {
      MemorySegment piece = buffer(0, Math.min(PIECE, bytes - at));
      CopiedBytes.addFromDevice((int) piece.byteSize());
      driver.read(address, at, bytes(piece));
      inParts(piece, at, target::take);
    }
  }

  private interface Part {
    void copy(MemorySegment part, long at);
  }

  private static void inParts(MemorySegment piece, long at, Part work) {
    int parts = (int) Math.ceilDiv(piece.byteSize(), OF_A_THREAD);
    IntStream all = IntStream.range(0, parts);
    (parts > 1 ? all.parallel() : all)
        .forEach(
            i -> {
              long from = (long) i * OF_A_THREAD;
              long size = Math.min(OF_A_THREAD, piece.byteSize() - from);
              work.copy(piece.asSlice(from, size), at + from);
            });
  }

  private static ByteBuffer bytes(MemorySegment piece) {
    return piece.asByteBuffer().order(ByteOrder.nativeOrder());
  }

  /** So many bytes; the memory is kept from copy to copy. */
  private MemorySegment buffer(int which, long bytes) {
    if (buffers[which].byteSize() < bytes) {
      boolean pinned = bytes > LEAST;
      // Other threads fill it.
      buffers[which] = Arena.ofAuto().allocate(pinned ? PIECE : LEAST, PAGE);
      if (pinned) {
        driver.pin(buffers[which].asByteBuffer());
      }
    }
    return buffers[which].asSlice(0, bytes);
  }

  @Override
  public void close() {
    for (MemorySegment buffer : buffers) {
      if (buffer.byteSize() > LEAST) {
        driver.unpin(buffer.asByteBuffer());
      }
    }
  }
}
