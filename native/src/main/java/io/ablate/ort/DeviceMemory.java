package io.ablate.ort;

import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import io.ablate.cuda.Device;
import io.ablate.cuda.DeviceArray;
import io.ablate.cuda.DeviceScope;
import io.ablate.cuda.DrawnMasks;
import io.ablate.cuda.ElementType;
import io.ablate.cuda.MaskKernels;
import io.ablate.mask.BernoulliMasks;
import io.ablate.mask.MaskDesign;
import io.ablate.mask.MaskMatrix;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;

/**
 * A device's memory. Masks travel as packed bits and become numbers there; an example travels when
 * it changes; outputs come back once per run. All of it goes through the device's one stream, one
 * thread at a time.
 */
final class DeviceMemory implements TensorMemory {
  private static final long ALIGNMENT = 64;
  private static final long PAGE = 4096;

  /** Bytes from which on pinning is worth it: the driver copies a tensor of others twice. */
  private static final long LEAST_PINNED = 64 << 10;

  private final Device device;
  private final ReentrantLock lock = new ReentrantLock();

  /**
   * @param device closed together with this
   */
  DeviceMemory(Device device) {
    this.device = device;
  }

  @Override
  public Allocation allocation() {
    return new DeviceAllocation();
  }

  /** An input that a node on the processor reads first is copied there when it is bound. */
  @Override
  public boolean mayBeCopied() {
    return true;
  }

  @Override
  public void exclusively(Runnable work) {
    lock.lock();
    try {
      work.run();
    } finally {
      lock.unlock();
    }
  }

  @Override
  public MaskDesign drawing(MaskDesign design) {
    return design instanceof BernoulliMasks masks
        ? new DrawnMasks(device, this::exclusively, masks)
        : design;
  }

  @Override
  public void close() {
    exclusively(device::close);
  }

  private static ElementType element(DataType type) {
    return switch (type) {
      case FLOAT -> ElementType.F32;
      case FLOAT16 -> ElementType.F16;
      case INT64 -> ElementType.I64;
      case INT32 -> ElementType.I32;
      default -> throw new IllegalArgumentException("unsupported element type " + type);
    };
  }

  private final class DeviceAllocation implements Allocation {
    private final Arena arena = Arena.ofShared();
    private final DeviceScope scope = device.scope();
    private final List<MemorySegment> pinned = new ArrayList<>();

    @Override
    public BoundTensor tensor(String name, DataType type, long... shape) {
      BoundTensor.bytes(type, shape); // before so much of the device is taken
      lock.lock();
      try {
        DeviceArray array = scope.array(name, element(type), shape);
        MemorySegment values = host(array.bytes());
        return new BoundTensor(
            name, type, shape, array.address(), values, new Staged(device, array, values));
      } finally {
        lock.unlock();
      }
    }

    @Override
    public PackedMasks masks(String name, DataType type, int rows, int columns) {
      lock.lock();
      try {
        int perRow = MaskMatrix.wordsPerRow(columns);
        DeviceArray packed = scope.array(name + " packed", ElementType.I64, rows, perRow);
        DeviceArray values = scope.array(name, element(type), rows, columns);
        MemorySegment words = host(packed.bytes());
        BoundTensor tensor =
            new BoundTensor(
                name,
                type,
                new long[] {rows, columns},
                values.address(),
                MemorySegment.NULL,
                new Expanded(device, words, packed, values));
        return new DeviceMasks(tensor, words, perRow);
      } finally {
        lock.unlock();
      }
    }

    private MemorySegment host(long bytes) {
      if (bytes < LEAST_PINNED) {
        return arena.allocate(bytes, ALIGNMENT);
      }
      // Whole pages of its own: a page can be pinned only once.
      MemorySegment values =
          arena.allocate(Math.ceilDiv(bytes, PAGE) * PAGE, PAGE).asSlice(0, bytes);
      device.pin(values);
      pinned.add(values);
      return values;
    }

    @Override
    public void close() {
      exclusively(
          () -> {
            pinned.forEach(device::unpin);
            pinned.clear();
            scope.close();
          });
      arena.close();
    }
  }

  /** Values of their own on the host, copied whole. */
  private record Staged(Device device, DeviceArray array, MemorySegment values)
      implements BoundTensor.Copies {
    @Override
    public void send() {
      device.write(array, values);
    }

    @Override
    public void fetch() {
      device.read(array, values);
    }
  }

  /** Packed bits on the host, numbers on the device. */
  private record Expanded(
      Device device, MemorySegment words, DeviceArray packed, DeviceArray values)
      implements BoundTensor.Copies {
    @Override
    public void send() {
      device.write(packed, words);
      MaskKernels.expand(device, packed, values);
      // Binding may copy, outside the device's stream.
      device.synchronize();
    }

    @Override
    public void fetch() {
      throw new IllegalStateException("masks come from the host");
    }
  }

  private record DeviceMasks(BoundTensor tensor, MemorySegment words, int perRow)
      implements PackedMasks {
    @Override
    public void set(int row, long[] from, int offset) {
      MemorySegment.copy(
          from, offset, words, ValueLayout.JAVA_LONG, (long) row * perRow * Long.BYTES, perRow);
      tensor.touch();
    }
  }
}
