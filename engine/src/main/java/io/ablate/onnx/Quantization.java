package io.ablate.onnx;

import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import org.jspecify.annotations.Nullable;

/** QuantizeLinear and DequantizeLinear on constants, per tensor and per axis. */
final class Quantization {
  private Quantization() {}

  /** The node's constant output; null if an input is not constant or it is quantised by blocks. */
  static @Nullable Constant resolve(OnnxGraph graph, NodeProto node) {
    Constant x = Constants.resolve(graph, node.getInput(0));
    Constant scale = Constants.resolve(graph, Nodes.input(node, 1));
    String zeroName = Nodes.input(node, 2);
    Constant zero = zeroName.isEmpty() ? null : Constants.resolve(graph, zeroName);
    if (x == null
        || scale == null
        || (zero == null && !zeroName.isEmpty())
        || Nodes.integer(node, "block_size", 0) != 0) {
      return null;
    }
    long[] dims = x.dims();
    int axis = (int) Nodes.integer(node, "axis", 1);
    axis += axis < 0 ? dims.length : 0;
    boolean perAxis = scale.dims().length == 1 && scale.dims()[0] != 1;
    if (perAxis && (axis >= dims.length || dims[axis] != scale.dims()[0])) {
      return null;
    }
    int inner = 1;
    for (int i = axis + 1; i < dims.length; i++) {
      inner *= (int) dims[i];
    }
    int channels = perAxis ? (int) dims[axis] : 1;
    int step = inner;
    if (Nodes.is(node, "DequantizeLinear")) {
      return x.withValues(() -> dequantize(x, scale, zero, channels, step));
    }
    int[] range = range(graph, zeroName);
    return range == null
        ? null
        : x.withValues(() -> quantize(x, scale, zero, channels, step, range));
  }

  private static float[] dequantize(
      Constant x, Constant scale, @Nullable Constant zero, int channels, int inner) {
    float[] values = x.floats();
    float[] scales = scale.floats();
    float[] zeros = zero == null ? new float[channels] : zero.floats();
    for (int i = 0; i < values.length; i++) {
      int c = i / inner % channels;
      values[i] = (values[i] - zeros[c]) * scales[c];
    }
    return values;
  }

  private static float[] quantize(
      Constant x, Constant scale, @Nullable Constant zero, int channels, int inner, int[] range) {
    float[] values = x.floats();
    float[] scales = scale.floats();
    float[] zeros = zero == null ? new float[channels] : zero.floats();
    for (int i = 0; i < values.length; i++) {
      int c = i / inner % channels;
      double level = Math.rint(values[i] / scales[c]) + zeros[c];
      values[i] = (float) Math.clamp(level, range[0], range[1]);
    }
    return values;
  }

  private static int @Nullable [] range(OnnxGraph graph, String zeroName) {
    if (zeroName.isEmpty()) {
      return new int[] {0, 255};
    }
    TensorProto zero = Constants.tensor(graph, zeroName);
    return switch (zero == null ? 0 : zero.getDataType()) {
      case DataType.UINT8_VALUE -> new int[] {0, 255};
      case DataType.INT8_VALUE -> new int[] {-128, 127};
      case DataType.UINT16_VALUE -> new int[] {0, 65_535};
      case DataType.INT16_VALUE -> new int[] {-32_768, 32_767};
      default -> null;
    };
  }
}
