package io.ablate.cuda;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Function;

/**
 * A device that many threads use, one at a time. Opened at its first use and kept until the process
 * ends; memory that no caller holds goes back to the driver after every call, for ONNX Runtime's
 * sessions live on the same device. Thread-safe.
 */
final class SharedDevice {
  private static final Map<Integer, SharedDevice> OPEN = new ConcurrentHashMap<>();

  private final Device device;
  private final ReentrantLock lock = new ReentrantLock();

  SharedDevice(Device device) {
    this.device = device;
  }

  /**
   * The NVIDIA device of that index.
   *
   * @throws io.ablate.base.BadInputException if it cannot be used; the message says why
   */
  static SharedDevice cuda(int index) {
    return OPEN.computeIfAbsent(index, i -> new SharedDevice(Device.cuda(i)));
  }

  /** Does work that needs the device; waits for whoever has it. */
  <T> T call(Function<Device, T> work) {
    lock.lock();
    try {
      return work.apply(device);
    } finally {
      lock.unlock();
    }
  }

  private interface Trimming extends AutoCloseable {
    @Override
    void close();
  }

  /** As {@link #call}, and gives idle memory back at the end; what failed first is told. */
  <T> T callAndTrim(Function<Device, T> work) {
    return call(
        opened -> {
          try (Trimming _ = opened::trim) {
            return work.apply(opened);
          }
        });
  }
}
