package io.ablate.cuda;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A device whose memory is this process's, so that what computes on the processor can be bound to
 * it; it counts copies. The kernels that it knows are {@link HostKernels}.
 */
public final class HostDevice implements DeviceDriver {
  private final Map<Long, MemorySegment> memory = new HashMap<>();
  private final HostKernels kernels = new HostKernels();
  private final List<Runnable> underWay = new ArrayList<>();
  private final Set<Long> pinned = new HashSet<>();
  private long written;
  private long read;
  private int open;
  private boolean idle;
  private @Nullable String failure;

  /** A device on this driver; all of them have its memory. */
  public Device device() {
    open++;
    return new Device(this);
  }

  /** A device whose launches fail. */
  public static Device failing(String why) {
    HostDevice driver = new HostDevice();
    driver.failure = why;
    return driver.device();
  }

  /** A device whose launches do nothing. */
  static Device idle() {
    HostDevice driver = new HostDevice();
    driver.idle = true;
    return driver.device();
  }

  /** Bytes copied to the device so far. */
  public long written() {
    return written;
  }

  /** Bytes copied from the device so far. */
  public long read() {
    return read;
  }

  /** How often what follows a layer was launched. */
  public int masked() {
    return kernels.masked();
  }

  /** How often a kernel of the way back was launched. */
  public int gradients() {
    return kernels.gradients();
  }

  /** In which types masks became numbers. */
  public Set<ElementType> expanded() {
    return kernels.expanded();
  }

  /** How often masks were drawn. */
  public int drawn() {
    return kernels.drawn();
  }

  @Override
  public String describe() {
    return "host";
  }

  @Override
  public int granularity() {
    return 64;
  }

  @Override
  public long freeBytes() {
    return Long.MAX_VALUE;
  }

  @Override
  public long totalBytes() {
    return Long.MAX_VALUE;
  }

  @Override
  public long allocate(long bytes) {
    MemorySegment segment = Arena.ofAuto().allocate(bytes, 64).fill((byte) 0xa5);
    memory.put(segment.address(), segment);
    return segment.address();
  }

  @Override
  public void free(long address) {
    if (memory.remove(address) == null) {
      throw new AssertionError("not memory of this device");
    }
  }

  @Override
  public void clear(long address, long bytes) {
    at(address, bytes).fill((byte) 0);
  }

  @Override
  public void write(long address, long offset, ByteBuffer source) {
    written += source.remaining();
    at(address + offset, source.remaining()).copyFrom(MemorySegment.ofBuffer(source));
  }

  /** As late as may be: what was not left as it was, is seen. */
  @Override
  public void send(long address, long offset, ByteBuffer source) {
    underWay.add(() -> write(address, offset, source));
  }

  @Override
  public void read(long address, long offset, ByteBuffer target) {
    synchronize();
    read += target.remaining();
    MemorySegment.ofBuffer(target).copyFrom(at(address + offset, target.remaining()));
  }

  @Override
  public void pin(ByteBuffer host) {
    pinned.add(MemorySegment.ofBuffer(host).address());
  }

  @Override
  public void unpin(ByteBuffer host) {
    if (!pinned.remove(MemorySegment.ofBuffer(host).address())) {
      throw new AssertionError("not pinned");
    }
  }

  /** Pieces of host memory that are pinned. */
  public int pinned() {
    return pinned.size();
  }

  @Override
  public void copy(long target, long source, long bytes) {
    synchronize();
    at(target, bytes).copyFrom(at(source, bytes));
  }

  @SuppressWarnings("restricted") // addresses are this driver's own
  static MemorySegment at(long address, long bytes) {
    return MemorySegment.ofAddress(address).reinterpret(bytes);
  }

  @Override
  public void launch(KernelCall call) {
    synchronize();
    if (failure != null) {
      throw new IllegalStateException(failure);
    }
    if (idle) {
      return;
    }
    kernels.run(call);
  }

  @Override
  public void synchronize() {
    List<Runnable> now = List.copyOf(underWay);
    underWay.clear();
    now.forEach(Runnable::run);
  }

  @Override
  public void close() {
    if (--open == 0 && !memory.isEmpty()) {
      throw new AssertionError(memory.size() + " pieces of device memory were not freed");
    }
  }
}
