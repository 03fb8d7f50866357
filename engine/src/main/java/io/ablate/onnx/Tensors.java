package io.ablate.onnx;

import ai.onnx.proto.OnnxMl.TensorProto;
import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import com.google.protobuf.ByteString;
import com.google.protobuf.UnsafeByteOperations;
import io.ablate.base.BadInputException;
import io.ablate.base.Problem;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** Tensors of the ONNX format from and to Java arrays, row by row (C order). */
public final class Tensors {
  private Tensors() {}

  /** A float32 tensor. */
  public static TensorProto of(String name, float[] values, long... dims) {
    checkShape(name, values.length, dims);
    ByteBuffer bytes = ByteBuffer.allocate(values.length * 4).order(ByteOrder.LITTLE_ENDIAN);
    bytes.asFloatBuffer().put(values);
    return raw(name, DataType.FLOAT, bytes, dims);
  }

  /** An int64 tensor. */
  public static TensorProto of(String name, long[] values, long... dims) {
    checkShape(name, values.length, dims);
    ByteBuffer bytes = ByteBuffer.allocate(values.length * 8).order(ByteOrder.LITTLE_ENDIAN);
    bytes.asLongBuffer().put(values);
    return raw(name, DataType.INT64, bytes, dims);
  }

  /** A float16 tensor, rounded to nearest even. */
  public static TensorProto ofFloat16(String name, float[] values, long... dims) {
    checkShape(name, values.length, dims);
    ByteBuffer bytes = ByteBuffer.allocate(values.length * 2).order(ByteOrder.LITTLE_ENDIAN);
    for (float value : values) {
      bytes.putShort(Float.floatToFloat16(value));
    }
    return raw(name, DataType.FLOAT16, bytes.flip(), dims);
  }

  /** A float32 tensor without dimensions. */
  public static TensorProto scalar(String name, float value) {
    return of(name, new float[] {value});
  }

  /** An int64 tensor without dimensions. */
  public static TensorProto scalar(String name, long value) {
    return of(name, new long[] {value});
  }

  private static TensorProto raw(String name, DataType type, ByteBuffer bytes, long[] dims) {
    TensorProto.Builder tensor = TensorProto.newBuilder().setName(name);
    tensor.setDataType(type.getNumber());
    for (long dim : dims) {
      tensor.addDims(dim);
    }
    return tensor.setRawData(UnsafeByteOperations.unsafeWrap(bytes)).build();
  }

  public static long[] dims(TensorProto tensor) {
    return tensor.getDimsList().stream().mapToLong(Long::longValue).toArray();
  }

  /**
   * Number of elements.
   *
   * @throws BadInputException if a dimension is negative or the product overflows an array
   */
  public static int size(TensorProto tensor) {
    long size = 1;
    for (long dim : tensor.getDimsList()) {
      if (dim < 0 || (dim > 0 && size > Integer.MAX_VALUE / dim)) {
        throw new BadInputException(
            Problem.of("tensor of an impossible shape")
                .at("tensor " + tensor.getName())
                .expected("at most 2^31 − 1 elements")
                .found(tensor.getDimsList()));
      }
      size *= dim;
    }
    return (int) size;
  }

  /**
   * All elements as float32, rounded where the type is wider.
   *
   * @param folder folder of external data; null if there is none
   * @throws BadInputException if the type has no numbers or the data does not fit the shape
   */
  public static float[] floats(TensorProto tensor, @Nullable Path folder) {
    Elements elements = Elements.of(tensor, folder);
    float[] values = new float[elements.size()];
    ByteBuffer raw = elements.raw();
    if (raw != null && tensor.getDataType() == DataType.FLOAT_VALUE) {
      raw.asFloatBuffer().get(values);
      return values;
    }
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) elements.asDouble(i);
    }
    return values;
  }

  /**
   * All elements of an integer or boolean tensor.
   *
   * @param folder folder of external data; null if there is none
   * @throws BadInputException if the type is not an integer type or the data does not fit the shape
   */
  public static long[] longs(TensorProto tensor, @Nullable Path folder) {
    if (!isInteger(tensor)) {
      throw new BadInputException(
          Problem.of("tensor of the wrong type")
              .at("tensor " + tensor.getName())
              .expected("an integer type")
              .found(typeName(tensor)));
    }
    Elements elements = Elements.of(tensor, folder);
    long[] values = new long[elements.size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = elements.asLong(i);
    }
    return values;
  }

  /** Whether the element type is an integer type or bool. */
  public static boolean isInteger(TensorProto tensor) {
    return switch (tensor.getDataType()) {
      case DataType.INT8_VALUE,
          DataType.UINT8_VALUE,
          DataType.INT16_VALUE,
          DataType.UINT16_VALUE,
          DataType.INT32_VALUE,
          DataType.UINT32_VALUE,
          DataType.INT64_VALUE,
          DataType.UINT64_VALUE,
          DataType.BOOL_VALUE ->
          true;
      default -> false;
    };
  }

  /** Whether the element type is float16, bfloat16, float32 or float64. */
  public static boolean isFloat(TensorProto tensor) {
    return isFloat(tensor.getDataType());
  }

  static boolean isFloat(int dataType) {
    return switch (dataType) {
      case DataType.FLOAT_VALUE,
          DataType.FLOAT16_VALUE,
          DataType.BFLOAT16_VALUE,
          DataType.DOUBLE_VALUE ->
          true;
      default -> false;
    };
  }

  static int elementBytes(TensorProto tensor) {
    return switch (tensor.getDataType()) {
      case DataType.INT8_VALUE, DataType.UINT8_VALUE, DataType.BOOL_VALUE -> 1;
      case DataType.INT16_VALUE,
          DataType.UINT16_VALUE,
          DataType.FLOAT16_VALUE,
          DataType.BFLOAT16_VALUE ->
          2;
      case DataType.INT32_VALUE, DataType.UINT32_VALUE, DataType.FLOAT_VALUE -> 4;
      case DataType.INT64_VALUE, DataType.UINT64_VALUE, DataType.DOUBLE_VALUE -> 8;
      default ->
          throw new BadInputException(
              Problem.of("tensor of a type without plain numbers")
                  .at("tensor " + tensor.getName())
                  .expected("float16/32/64, bfloat16, an integer type or bool")
                  .found(typeName(tensor)));
    };
  }

  static long byteSize(TensorProto tensor) {
    return (long) size(tensor) * elementBytes(tensor);
  }

  static String typeName(TensorProto tensor) {
    DataType type = DataType.forNumber(tensor.getDataType());
    return type == null ? "type " + tensor.getDataType() : type.name();
  }

  private static void checkShape(String name, int length, long[] dims) {
    long size = Arrays.stream(dims).reduce(1, Math::multiplyExact);
    if (size != length) {
      throw new IllegalArgumentException(
          "tensor " + name + ": " + length + " values for shape " + Arrays.toString(dims));
    }
  }

  /** The elements of a tensor wherever they are stored. */
  private record Elements(TensorProto tensor, int size, @Nullable ByteBuffer raw) {
    static Elements of(TensorProto tensor, @Nullable Path folder) {
      int size = Tensors.size(tensor);
      int elementBytes = elementBytes(tensor);
      ByteBuffer raw = null;
      if (ExternalData.isExternal(tensor)) {
        raw = ExternalData.read(tensor, folder).order(ByteOrder.LITTLE_ENDIAN);
      } else if (tensor.hasRawData()) {
        ByteString bytes = tensor.getRawData();
        raw = bytes.asReadOnlyByteBuffer().slice().order(ByteOrder.LITTLE_ENDIAN);
      }
      Elements elements = new Elements(tensor, size, raw);
      int found = raw != null ? raw.remaining() / elementBytes : elements.typedCount();
      if (found != size || (raw != null && raw.remaining() % elementBytes != 0)) {
        throw new BadInputException(
            Problem.of("tensor data does not fit its shape")
                .at("tensor " + tensor.getName())
                .expected(size + " elements for shape " + tensor.getDimsList())
                .found(found));
      }
      return elements;
    }

    private int typedCount() {
      return switch (tensor.getDataType()) {
        case DataType.FLOAT_VALUE -> tensor.getFloatDataCount();
        case DataType.DOUBLE_VALUE -> tensor.getDoubleDataCount();
        case DataType.INT64_VALUE -> tensor.getInt64DataCount();
        case DataType.UINT32_VALUE, DataType.UINT64_VALUE -> tensor.getUint64DataCount();
        default -> tensor.getInt32DataCount();
      };
    }

    double asDouble(int i) {
      return switch (tensor.getDataType()) {
        case DataType.FLOAT_VALUE -> raw != null ? raw.getFloat(i * 4) : tensor.getFloatData(i);
        case DataType.DOUBLE_VALUE -> raw != null ? raw.getDouble(i * 8) : tensor.getDoubleData(i);
        case DataType.FLOAT16_VALUE -> Float.float16ToFloat(bits16(i));
        case DataType.BFLOAT16_VALUE -> Float.intBitsToFloat(bits16(i) << 16);
        default -> asLong(i);
      };
    }

    private short bits16(int i) {
      return raw != null ? raw.getShort(i * 2) : (short) tensor.getInt32Data(i);
    }

    long asLong(int i) {
      ByteBuffer bytes = raw;
      if (bytes == null) {
        return switch (tensor.getDataType()) {
          case DataType.INT64_VALUE -> tensor.getInt64Data(i);
          case DataType.UINT32_VALUE, DataType.UINT64_VALUE -> tensor.getUint64Data(i);
          default -> tensor.getInt32Data(i);
        };
      }
      return switch (tensor.getDataType()) {
        case DataType.INT8_VALUE -> bytes.get(i);
        case DataType.UINT8_VALUE, DataType.BOOL_VALUE -> bytes.get(i) & 0xFF;
        case DataType.INT16_VALUE -> bytes.getShort(i * 2);
        case DataType.UINT16_VALUE -> bytes.getShort(i * 2) & 0xFFFF;
        case DataType.INT32_VALUE -> bytes.getInt(i * 4);
        case DataType.UINT32_VALUE -> bytes.getInt(i * 4) & 0xFFFF_FFFFL;
        default -> bytes.getLong(i * 8);
      };
    }
  }
}
