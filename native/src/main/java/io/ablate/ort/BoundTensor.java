package io.ablate.ort;

import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import io.ablate.forward.TensorSize;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.IntBuffer;
import java.nio.LongBuffer;
import java.util.Arrays;

/**
 * A tensor that sessions read or write in place, with its values as the host sees them; where the
 * two are different memory, {@link #send} and {@link #fetch} copy. Not thread-safe.
 */
final class BoundTensor {
  /** How values travel between the host and the memory that a session uses. */
  interface Copies {
    /** For memory that is the host's own. */
    Copies NONE =
        new Copies() {
          @Override
          public void send() {}

          @Override
          public void fetch() {}
        };

    /** Brings the host's values to the session. */
    void send();

    /** Brings the session's values to the host. */
    void fetch();
  }

  private final String name;
  private final DataType type;
  private final long[] shape;
  private final long address;
  private final long bytes;
  private final Copies copies;
  private final FloatBuffer floats;
  private final LongBuffer longs;
  private final IntBuffer ints;
  private final int rowLength;
  private boolean changed = true;

  /**
   * @param address where the session finds the values
   * @param host the values as they are set and read here
   */
  BoundTensor(
      String name, DataType type, long[] shape, long address, MemorySegment host, Copies copies) {
    this.name = name;
    this.type = type;
    this.shape = shape.clone();
    this.address = address;
    this.bytes = bytes(type, shape);
    this.copies = copies;
    ByteBuffer values = host.asByteBuffer().order(ByteOrder.nativeOrder());
    this.floats = values.asFloatBuffer();
    this.longs = values.asLongBuffer();
    this.ints = values.asIntBuffer();
    this.rowLength = (int) (Arrays.stream(shape).reduce(1, (a, b) -> a * b) / shape[0]);
  }

  /** Size in bytes of a tensor of float32, float16, int64 or int32. */
  static int bytes(DataType type, long... shape) {
    int width =
        switch (type) {
          case FLOAT, INT32 -> 4;
          case FLOAT16 -> 2;
          case INT64 -> 8;
          default -> throw new IllegalArgumentException("unsupported element type " + type);
        };
    return TensorSize.bytes(width, shape);
  }

  String name() {
    return name;
  }

  DataType type() {
    return type;
  }

  long[] shape() {
    return shape.clone();
  }

  long address() {
    return address;
  }

  long bytes() {
    return bytes;
  }

  /** The values of a float32 tensor; who writes there calls {@link #touch}. */
  FloatBuffer floats() {
    return floats;
  }

  /** Says that the host's values changed. */
  void touch() {
    changed = true;
  }

  /** Sets a row of the first axis. */
  void set(int row, float[] values) {
    requireRow(row);
    if (values.length != rowLength) {
      throw new IllegalArgumentException(
          values.length + " values for a row of " + rowLength + " elements of " + name);
    }
    changed = true;
    int start = row * rowLength;
    switch (type) {
      case FLOAT -> floats.put(start, values);
      case INT64 -> {
        for (int i = 0; i < values.length; i++) {
          longs.put(start + i, (long) values[i]);
        }
      }
      default -> {
        for (int i = 0; i < values.length; i++) {
          ints.put(start + i, (int) values[i]);
        }
      }
    }
  }

  /** Sets an element of an int64 tensor of one axis. */
  void set(int row, long value) {
    changed = true;
    longs.put(row, value);
  }

  /** An element of a float32 tensor of one axis. */
  float get(int row) {
    return floats.get(row);
  }

  /** Copies a row of a float32 tensor to {@code target}, from its beginning. */
  void get(int row, float[] target) {
    requireRow(row);
    floats.get(row * rowLength, target, 0, rowLength);
  }

  private void requireRow(int row) {
    if (row < 0 || row >= shape[0]) {
      throw new IllegalArgumentException("slot " + row + " outside 0.." + shape[0] + " of " + name);
    }
  }

  /**
   * Brings the host's values to the session if they changed since the last time.
   *
   * @return whether they did
   */
  boolean send() {
    if (!changed) {
      return false;
    }
    changed = false;
    copies.send();
    return true;
  }

  /** Brings the session's values to the host. */
  void fetch() {
    copies.fetch();
  }
}
