package io.ablate.cuda;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;

/**
 * Device memory that is kept when freed: asking the driver waits for the device. Blocks are reused
 * for their exact (rounded) size only, so that nothing fragments; where memory runs out, what lies
 * idle is given back first. Not thread-safe.
 */
final class MemoryPool implements AutoCloseable {
  private final DeviceDriver driver;
  private final Map<Long, Deque<Long>> idle = new HashMap<>();
  private long liveBytes;
  private long idleBytes;

  MemoryPool(DeviceDriver driver) {
    this.driver = driver;
  }

  private long rounded(long bytes) {
    long granularity = driver.granularity();
    return Math.max(1, Math.ceilDiv(bytes, granularity)) * granularity;
  }

  /** The address of memory of undefined content; 0 if there is not enough. */
  long allocate(long bytes) {
    long size = rounded(bytes);
    Deque<Long> free = idle.get(size);
    long address = 0;
    if (free != null && !free.isEmpty()) {
      address = free.pop();
      idleBytes -= size;
    } else {
      address = driver.allocate(size);
      if (address == 0 && idleBytes > 0) {
        trim();
        address = driver.allocate(size);
      }
    }
    liveBytes += address == 0 ? 0 : size;
    return address;
  }

  void free(long address, long bytes) {
    long size = rounded(bytes);
    idle.computeIfAbsent(size, ignored -> new ArrayDeque<>()).push(address);
    liveBytes -= size;
    idleBytes += size;
  }

  /** Gives idle memory back to the driver, none of it twice where that fails. */
  void trim() {
    idle.forEach(
        (size, addresses) -> {
          while (!addresses.isEmpty()) {
            long address = addresses.pop();
            idleBytes -= size;
            driver.free(address);
          }
        });
    idle.clear();
  }

  /** Bytes in use. */
  long liveBytes() {
    return liveBytes;
  }

  /** Bytes kept for reuse. */
  long idleBytes() {
    return idleBytes;
  }

  @Override
  public void close() {
    trim();
  }
}
