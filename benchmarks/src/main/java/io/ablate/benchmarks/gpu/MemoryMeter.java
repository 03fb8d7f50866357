package io.ablate.benchmarks.gpu;

import io.ablate.base.AblateException;
import io.ablate.cuda.Device;
import io.ablate.forward.ProcessMemory;
import org.jspecify.annotations.Nullable;

/**
 * Memory in use, as the device's driver tells it: whoever holds it, ONNX Runtime's pool included.
 * Without a device, what this process has resident. Thread-safe.
 */
final class MemoryMeter implements AutoCloseable {
  private static final int MILLISECONDS = 10;

  private final @Nullable Device device;

  private MemoryMeter(@Nullable Device device) {
    this.device = device;
  }

  static MemoryMeter of(Place place) {
    return new MemoryMeter(place.isDevice() ? Device.cuda(place.index()) : null);
  }

  /** Bytes that there are. */
  long total() {
    return device == null ? ProcessMemory.available() : device.totalBytes();
  }

  /** Bytes in use now. */
  synchronized long used() {
    return device == null ? ProcessMemory.resident() : device.totalBytes() - device.freeBytes();
  }

  /**
   * Does work, and looks again and again how much is in use meanwhile.
   *
   * @return the most bytes seen beyond what was in use before
   */
  long peak(Runnable work) {
    long before = used();
    Sampler sampler = new Sampler(this);
    Thread thread = Thread.ofPlatform().daemon().name("memory meter").start(sampler);
    try {
      work.run();
    } finally {
      thread.interrupt();
      try {
        thread.join();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
    return Math.max(0, sampler.most - before);
  }

  private static final class Sampler implements Runnable {
    private final MemoryMeter meter;

    /** Read when its thread has ended. */
    private long most;

    Sampler(MemoryMeter meter) {
      this.meter = meter;
    }

    @Override
    public void run() {
      do {
        try {
          most = Math.max(most, meter.used());
          Thread.sleep(MILLISECONDS);
        } catch (InterruptedException | AblateException e) {
          return; // a device at fault is told by the work itself
        }
      } while (true);
    }
  }

  @Override
  public synchronized void close() {
    if (device != null) {
      device.close();
    }
  }
}
