package io.ablate.onnx;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * Finds constants behind the nodes that exporters put between a weight and its use: Constant,
 * Identity, Cast, QuantizeLinear, DequantizeLinear, Transpose, Reshape, Flatten, Squeeze,
 * Unsqueeze.
 */
public final class Constants {
  private Constants() {}

  /** The constant of this name as floats; null if the tensor depends on an input of the graph. */
  public static @Nullable Constant resolve(OnnxGraph graph, String name) {
    TensorProto tensor = tensor(graph, name);
    if (tensor != null) {
      if (!Tensors.isFloat(tensor) && !Tensors.isInteger(tensor)) {
        return null;
      }
      Path folder = graph.source().folder();
      return Constant.stored(name, Tensors.dims(tensor), () -> Tensors.floats(tensor, folder));
    }
    NodeProto node = graph.producer(name);
    if (node == null || !OnnxModel.isDefaultDomain(node.getDomain()) || node.getInputCount() == 0) {
      return null;
    }
    return switch (node.getOpType()) {
      case "Identity" -> resolve(graph, node.getInput(0));
      case "Cast" -> castsToFloat(node) ? resolve(graph, node.getInput(0)) : null;
      case "Transpose" -> transpose(node, resolve(graph, node.getInput(0)));
      case "QuantizeLinear", "DequantizeLinear" -> Quantization.resolve(graph, node);
      case "Reshape", "Flatten", "Squeeze", "Unsqueeze" ->
          reshape(graph, node, resolve(graph, node.getInput(0)));
      default -> null;
    };
  }

  /**
   * The constant integers of this name (shapes, axes), through Constant, Identity and Cast; null if
   * the tensor is not constant or not of an integer type.
   */
  public static long @Nullable [] longs(OnnxGraph graph, String name) {
    TensorProto tensor = tensor(graph, name);
    if (tensor != null) {
      return Tensors.isInteger(tensor) ? Tensors.longs(tensor, graph.source().folder()) : null;
    }
    NodeProto node = graph.producer(name);
    if (node == null || !(Nodes.is(node, "Identity") || Nodes.is(node, "Cast"))) {
      return null;
    }
    return longs(graph, node.getInput(0));
  }

  /** The stored tensor of this name: an initialiser or the value of a Constant node, or null. */
  public static @Nullable TensorProto tensor(OnnxGraph graph, String name) {
    TensorProto initializer = graph.initializer(name);
    if (initializer != null) {
      return initializer;
    }
    NodeProto node = graph.producer(name);
    if (node == null || !Nodes.is(node, "Constant") || node.getAttributeCount() != 1) {
      return null;
    }
    AttributeProto value = node.getAttribute(0);
    return switch (value.getName()) {
      case "value" -> value.getT();
      case "value_float" -> Tensors.scalar(name, value.getF());
      case "value_int" -> Tensors.scalar(name, value.getI());
      case "value_floats" -> {
        float[] floats = new float[value.getFloatsCount()];
        for (int i = 0; i < floats.length; i++) {
          floats[i] = value.getFloats(i);
        }
        yield Tensors.of(name, floats, floats.length);
      }
      case "value_ints" -> {
        long[] longs = value.getIntsList().stream().mapToLong(Long::longValue).toArray();
        yield Tensors.of(name, longs, longs.length);
      }
      default -> null;
    };
  }

  private static boolean castsToFloat(NodeProto node) {
    return Tensors.isFloat((int) Nodes.integer(node, "to", 0));
  }

  private static @Nullable Constant reshape(
      OnnxGraph graph, NodeProto node, @Nullable Constant constant) {
    if (constant == null) {
      return null;
    }
    long[] dims = ShapeRules.reshaped(graph, node, constant.dims());
    return dims == null ? null : constant.reshaped(dims);
  }

  private static @Nullable Constant transpose(NodeProto node, @Nullable Constant constant) {
    if (constant == null) {
      return null;
    }
    long[] dims = constant.dims();
    int[] perm = ShapeRules.permutation(node, dims.length);
    return constant.transposed(perm, () -> transpose(constant.floats(), dims, perm));
  }

  private static float[] transpose(float[] values, long[] dims, int[] perm) {
    int rank = dims.length;
    int[] stride = new int[rank];
    int size = 1;
    for (int i = rank - 1; i >= 0; i--) {
      stride[i] = size;
      size *= (int) dims[i];
    }
    float[] result = new float[values.length];
    int[] at = new int[rank];
    int from = 0;
    for (int to = 0; to < result.length; to++) {
      result[to] = values[from];
      for (int i = rank - 1; i >= 0; i--) {
        from += stride[perm[i]];
        if (++at[i] < dims[perm[i]]) {
          break;
        }
        from -= at[i] * stride[perm[i]];
        at[i] = 0;
      }
    }
    return result;
  }
}
