package io.ablate.ort;

import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.FloatBuffer;

/** The processor's own memory: sessions read and write what the host does. */
final class HostMemory implements TensorMemory {
  /** Of vector instructions and cache lines. */
  private static final long ALIGNMENT = 64;

  /** The eight mask values of every byte of packed bits. */
  private static final float[] UNPACKED = unpackedBytes();

  @Override
  public Allocation allocation() {
    return new HostAllocation();
  }

  @Override
  public boolean mayBeCopied() {
    return false;
  }

  @Override
  public void exclusively(Runnable work) {
    work.run();
  }

  @Override
  public void close() {}

  private static float[] unpackedBytes() {
    float[] table = new float[256 * 8];
    for (int i = 0; i < table.length; i++) {
      table[i] = i >>> 3 >>> (i & 7) & 1;
    }
    return table;
  }

  private static final class HostAllocation implements Allocation {
    private final Arena arena = Arena.ofShared();

    @Override
    public BoundTensor tensor(String name, DataType type, long... shape) {
      MemorySegment values = arena.allocate(BoundTensor.bytes(type, shape), ALIGNMENT);
      return new BoundTensor(name, type, shape, values.address(), values, BoundTensor.Copies.NONE);
    }

    @Override
    public PackedMasks masks(String name, DataType type, int rows, int columns) {
      if (type != DataType.FLOAT) {
        throw new IllegalArgumentException("unsupported element type " + type);
      }
      return new UnpackedMasks(tensor(name, type, rows, columns), columns);
    }

    @Override
    public void close() {
      arena.close();
    }
  }

  /** Bits are unpacked where they arrive. */
  private record UnpackedMasks(BoundTensor tensor, int columns) implements PackedMasks {
    @Override
    public void set(int row, long[] words, int offset) {
      FloatBuffer floats = tensor.floats();
      int start = row * columns;
      for (int j = 0; j < columns; j += 8) {
        int bits = (int) (words[offset + (j >>> 6)] >>> (j & 63)) & 0xff;
        floats.put(start + j, UNPACKED, bits << 3, Math.min(8, columns - j));
      }
      tensor.touch();
    }
  }
}
