package io.ablate.cuda;

import io.ablate.base.Problem;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.jspecify.annotations.Nullable;

/**
 * A device that computes: memory in scopes, copies, launches. Everything happens in the order of
 * the calls. For one thread at a time.
 */
public final class Device implements AutoCloseable {
  /** Bytes of native memory that are copied at once. */
  private static final int MOST_AT_ONCE = 1 << 30;

  private final DeviceDriver driver;
  private final MemoryPool pool;
  private final CheckedLibrary library;
  private final Staging staging;

  Device(DeviceDriver driver) {
    this(driver, new CheckedLibrary(driver));
  }

  Device(DeviceDriver driver, CheckedLibrary library) {
    this.driver = driver;
    this.pool = new MemoryPool(driver);
    this.library = library;
    this.staging = new Staging(driver);
  }

  /**
   * Opens an NVIDIA device.
   *
   * @param index of those that the driver lists, from 0
   * @throws io.ablate.base.BadInputException if it cannot be used; the message says why
   */
  public static Device cuda(int index) {
    return new Device(CudaDriver.open(index));
  }

  /** Name and index. */
  public String describe() {
    return driver.describe();
  }

  /** A new owner of arrays, to be closed before this device. */
  public DeviceScope scope() {
    return new DeviceScope(this, pool);
  }

  /** Bytes of device memory that open scopes hold. */
  public long liveBytes() {
    return pool.liveBytes();
  }

  /** Bytes of device memory that new arrays can take. */
  public long freeBytes() {
    return pool.idleBytes() + driver.freeBytes();
  }

  /** Bytes of memory that the device has, whoever holds them. */
  public long totalBytes() {
    return driver.totalBytes();
  }

  /** Gives memory that no scope holds back to the driver. */
  public void trim() {
    pool.trim();
  }

  /**
   * The stream that all work goes to, as a native address, for libraries that shall queue theirs
   * there too; 0 for the default one.
   */
  public long stream() {
    return driver.stream();
  }

  /** What does large products of {@link ElementType#F64} here; null where our kernels do. */
  @Nullable DenseLibrary library() {
    return library.get(this);
  }

  /** Why {@link #library()} is none; null if there is one. */
  @Nullable Problem whyNoLibrary() {
    return library.whyNot(this);
  }

  /** Waits for all launches. */
  public void synchronize() {
    driver.synchronize();
  }

  Launch kernel(String module, String kernel) {
    return new Launch(driver, module, kernel);
  }

  void clear(DeviceArray array) {
    if (array.bytes() > 0) {
      driver.clear(array.address(), array.bytes());
    }
  }

  /** Copies within the device. */
  void copy(DeviceArray target, DeviceArray source) {
    if (target.type() != source.type() || target.elements() != source.elements()) {
      throw new IllegalArgumentException("array " + target + " does not match " + source);
    }
    if (target.bytes() > 0) {
      driver.copy(target.address(), source.address(), target.bytes());
    }
  }

  /** Copies to the device. */
  public void write(DeviceArray target, long[] source) {
    write(target, ElementType.I64, MemorySegment.ofArray(source));
  }

  /** Copies to the device. */
  public void write(DeviceArray target, int[] source) {
    write(target, ElementType.I32, MemorySegment.ofArray(source));
  }

  /** Copies to the device. */
  public void write(DeviceArray target, float[] source) {
    write(target, ElementType.F32, MemorySegment.ofArray(source));
  }

  /** Copies to the device. */
  public void write(DeviceArray target, double[] source) {
    write(target, ElementType.F64, MemorySegment.ofArray(source));
  }

  /**
   * Copies native memory of the array's size to the device, with no copy between.
   *
   * @throws IllegalArgumentException if the sizes differ
   */
  public void write(DeviceArray target, MemorySegment source) {
    require(target, target.type(), source);
    for (long at = 0; at < source.byteSize(); at += MOST_AT_ONCE) {
      send(target, at, chunk(source, at));
    }
  }

  /**
   * Fills native memory of the array's size from the device, with no copy between.
   *
   * @throws IllegalArgumentException if the sizes differ
   */
  public void read(DeviceArray source, MemorySegment target) {
    require(source, source.type(), target);
    for (long at = 0; at < target.byteSize(); at += MOST_AT_ONCE) {
      fetch(source, at, chunk(target, at));
    }
  }

  /**
   * Keeps native memory in its place, so that the driver copies from and to it directly; does
   * nothing where that cannot be had.
   *
   * @param host begins with a page that nothing else is in; to be given to {@link #unpin} before it
   *     ends
   */
  public void pin(MemorySegment host) {
    driver.pin(host.asByteBuffer());
  }

  /** Undoes {@link #pin}. */
  public void unpin(MemorySegment host) {
    driver.unpin(host.asByteBuffer());
  }

  private void send(DeviceArray target, long at, ByteBuffer source) {
    CopiedBytes.addToDevice(source.remaining());
    driver.write(target.address(), at, source);
  }

  private void fetch(DeviceArray source, long at, ByteBuffer target) {
    CopiedBytes.addFromDevice(target.remaining());
    driver.read(source.address(), at, target);
  }

  private static ByteBuffer chunk(MemorySegment host, long at) {
    return host.asSlice(at, Math.min(MOST_AT_ONCE, host.byteSize() - at))
        .asByteBuffer()
        .order(ByteOrder.nativeOrder());
  }

  /** Copies arrays of one length as the rows of a matrix to the device. */
  void writeRows(DeviceArray target, double[][] source) {
    staging.write(target.address(), rows(target, source));
  }

  /** Copies arrays of one length as the rows of a matrix to the device. */
  void writeRows(DeviceArray target, float[][] source) {
    int length = source.length == 0 ? 0 : source[0].length;
    target.require(ElementType.F32, source.length, length);
    staging.write(
        target.address(),
        new Staging.Rows(
            source.length, (long) length * Float.BYTES, i -> MemorySegment.ofArray(source[i])));
  }

  /** Copies the rows of a matrix from the device. */
  void readRows(DeviceArray source, double[][] target) {
    staging.read(source.address(), rows(source, target));
  }

  private static Staging.Rows rows(DeviceArray matrix, double[][] rows) {
    int length = rows.length == 0 ? 0 : rows[0].length;
    matrix.require(ElementType.F64, rows.length, length);
    return new Staging.Rows(
        rows.length, (long) length * Double.BYTES, i -> MemorySegment.ofArray(rows[i]));
  }

  /** Copies an array of {@link ElementType#I64} from the device. */
  public long[] readLongs(DeviceArray source) {
    long[] target = new long[Math.toIntExact(source.elements())];
    read(source, ElementType.I64, MemorySegment.ofArray(target));
    return target;
  }

  /** Copies an array of {@link ElementType#I32} from the device. */
  public int[] readInts(DeviceArray source) {
    int[] target = new int[Math.toIntExact(source.elements())];
    read(source, ElementType.I32, MemorySegment.ofArray(target));
    return target;
  }

  /** Copies an array of {@link ElementType#F32} from the device. */
  public float[] readFloats(DeviceArray source) {
    float[] target = new float[Math.toIntExact(source.elements())];
    read(source, ElementType.F32, MemorySegment.ofArray(target));
    return target;
  }

  /** Copies an array of {@link ElementType#F64} from the device. */
  public double[] readDoubles(DeviceArray source) {
    double[] target = new double[Math.toIntExact(source.elements())];
    read(source, ElementType.F64, MemorySegment.ofArray(target));
    return target;
  }

  private void write(DeviceArray target, ElementType type, MemorySegment source) {
    require(target, type, source);
    staging.write(target.address(), Staging.Rows.of(source));
  }

  private void read(DeviceArray source, ElementType type, MemorySegment target) {
    require(source, type, target);
    staging.read(source.address(), Staging.Rows.of(target));
  }

  private static void require(DeviceArray array, ElementType type, MemorySegment host) {
    if (array.type() != type || array.bytes() != host.byteSize()) {
      throw new IllegalArgumentException(
          "array " + array + " does not match " + host.byteSize() + " bytes of " + type);
    }
  }

  /** Frees idle memory and lets go of the device. */
  @Override
  public void close() {
    staging.close();
    library.close();
    pool.close();
    driver.close();
  }
}
