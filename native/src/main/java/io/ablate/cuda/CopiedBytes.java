package io.ablate.cuda;

/**
 * How much a thread has copied between host and devices through the device layer, all devices
 * together; ONNX Runtime's own copies are not in it.
 *
 * @param toDevices bytes since the thread began
 * @param fromDevices bytes since the thread began
 */
public record CopiedBytes(long toDevices, long fromDevices) {
  /** Bytes there and back. */
  private static final ThreadLocal<long[]> COUNTS = ThreadLocal.withInitial(() -> new long[2]);

  /** By this thread, up to now. */
  public static CopiedBytes now() {
    long[] counts = COUNTS.get();
    return new CopiedBytes(counts[0], counts[1]);
  }

  /** What was copied after an earlier count. */
  public CopiedBytes since(CopiedBytes earlier) {
    return new CopiedBytes(toDevices - earlier.toDevices, fromDevices - earlier.fromDevices);
  }

  static void addToDevice(int bytes) {
    COUNTS.get()[0] += bytes;
  }

  static void addFromDevice(int bytes) {
    COUNTS.get()[1] += bytes;
  }
}
