package io.ablate.cuda;

import io.ablate.base.Problem;
import io.ablate.nativelib.LibraryUnavailableException;
import java.nio.ByteBuffer;

/**
 * What a device does: memory, copies, launches, in the order in which they are asked for. CUDA's is
 * {@link CudaDriver}. Used by one thread at a time.
 */
interface DeviceDriver extends AutoCloseable {
  /** For messages. */
  String describe();

  /** Memory is handed out in multiples of so many bytes. */
  int granularity();

  /** How many bytes can still be allocated, at about. */
  long freeBytes();

  /** How many bytes of memory there are. */
  long totalBytes();

  /** The address of new memory, its content undefined; 0 if there is not enough. */
  long allocate(long bytes);

  void free(long address);

  /** Fills memory with 0. */
  void clear(long address, long bytes);

  /** Copies a direct buffer to the device; done when it returns. */
  void write(long address, long offset, ByteBuffer source);

  /**
   * Begins to copy a direct buffer to the device, in order with what else is asked for. The buffer
   * must stay as it is until {@link #synchronize} returns.
   */
  default void send(long address, long offset, ByteBuffer source) {
    write(address, offset, source);
  }

  /** Fills a direct buffer from the device, once all launches before it are done. */
  void read(long address, long offset, ByteBuffer target);

  /**
   * Keeps a direct buffer's pages in place, so that copies through it need none of the driver's
   * own, until {@link #unpin}; or does nothing, where that cannot be had.
   */
  default void pin(ByteBuffer host) {}

  /** Undoes {@link #pin}, before the buffer's memory ends. */
  default void unpin(ByteBuffer host) {}

  /** Copies within the device, in order with the launches. */
  void copy(long target, long source, long bytes);

  void launch(KernelCall call);

  /** The stream that copies and launches go to, as a native address; 0 for the default one. */
  default long stream() {
    return 0;
  }

  /**
   * A new library for dense matrices, whose work goes to the same stream; to be closed before this.
   *
   * @throws LibraryUnavailableException saying why there is none
   */
  default DenseLibrary openLibrary() throws LibraryUnavailableException {
    throw new LibraryUnavailableException(Problem.of("none for this device").at(describe()));
  }

  /** Waits for all launches; reports what went wrong in them. */
  void synchronize();

  @Override
  void close();
}
