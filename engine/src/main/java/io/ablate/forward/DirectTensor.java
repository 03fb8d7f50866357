package io.ablate.forward;

import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.IntBuffer;
import java.nio.LongBuffer;

/** A tensor over a direct buffer that is written in place, a row of the first axis at a time. */
final class DirectTensor implements AutoCloseable {
  private final OnnxTensor tensor;
  private final DataType type;
  private final ByteBuffer bytes;
  private final FloatBuffer floats;
  private final LongBuffer longs;
  private final IntBuffer ints;
  private final int rowLength;

  private DirectTensor(OnnxTensor tensor, DataType type, ByteBuffer bytes, int rowLength) {
    this.tensor = tensor;
    this.type = type;
    this.bytes = bytes;
    this.floats = bytes.asFloatBuffer();
    this.longs = bytes.asLongBuffer();
    this.ints = bytes.asIntBuffer();
    this.rowLength = rowLength;
  }

  /**
   * A tensor of zeros; the type is float32, int64 or int32.
   *
   * @throws io.ablate.base.UsageException if it is too large
   */
  static DirectTensor create(OrtEnvironment environment, DataType type, long[] shape) {
    int width = type == DataType.INT64 ? 8 : 4;
    int size = TensorSize.bytes(width, shape);
    int elements = size / width;
    ByteBuffer bytes = ByteBuffer.allocateDirect(size).order(ByteOrder.nativeOrder());
    try {
      OnnxTensor tensor =
          switch (type) {
            case FLOAT -> OnnxTensor.createTensor(environment, bytes.asFloatBuffer(), shape);
            case INT64 -> OnnxTensor.createTensor(environment, bytes.asLongBuffer(), shape);
            case INT32 -> OnnxTensor.createTensor(environment, bytes.asIntBuffer(), shape);
            default -> throw new IllegalArgumentException("unsupported element type " + type);
          };
      return new DirectTensor(tensor, type, bytes, (int) (elements / shape[0]));
    } catch (OrtException e) {
      throw new IllegalStateException("cannot wrap a buffer of " + elements + " elements", e);
    }
  }

  OnnxTensor tensor() {
    return tensor;
  }

  FloatBuffer floats() {
    return floats;
  }

  void set(int row, float[] values) {
    if (values.length != rowLength) {
      throw new IllegalArgumentException(
          values.length + " values for a row of " + rowLength + " elements");
    }
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

  void set(int row, long value) {
    longs.put(row, value);
  }

  @Override
  public void close() {
    tensor.close();
  }

  @Override
  public String toString() {
    return "DirectTensor[" + type + ", " + bytes.capacity() + " bytes]";
  }
}
