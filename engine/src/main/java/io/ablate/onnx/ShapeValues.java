package io.ablate.onnx;

import ai.onnx.proto.OnnxMl.NodeProto;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Values of the lists that exporters compute from shapes (targets of Reshape, sizes of Resize), as
 * far as constants and known extents tell them.
 */
final class ShapeValues {
  private ShapeValues() {}

  /**
   * The integers of a list or scalar, negative where a part of it is not known; null if not even
   * their number is known.
   *
   * @param shapes of all that is computed before
   */
  static long @Nullable [] of(OnnxGraph graph, String list, ShapeInference shapes) {
    long[] constant = Constants.longs(graph, list);
    NodeProto node = graph.producer(list);
    if (constant != null || node == null) {
      return constant;
    }
    long[] computed =
        !OnnxModel.isDefaultDomain(node.getDomain())
            ? null
            : switch (node.getOpType()) {
              case "Shape" -> {
                long[] shape = shapes.shape(node.getInput(0));
                yield shape == null ? null : extents(node, shape);
              }
              case "Concat" -> joined(graph, node, shapes);
              case "Gather" -> picked(graph, node, shapes);
              case "Slice" -> sliced(graph, node, shapes);
              case "Mul" -> multiplied(graph, node, shapes);
              case "Identity", "Cast", "Unsqueeze", "Squeeze" ->
                  of(graph, node.getInput(0), shapes);
              default -> null;
            };
    return computed != null ? computed : unknown(shapes.shape(list));
  }

  /** The part of a shape that a Shape node yields: from opset 15 on it may be a range of axes. */
  static long[] extents(NodeProto node, long[] shape) {
    return part(shape, Nodes.integer(node, "start", 0), Nodes.integer(node, "end", shape.length));
  }

  private static long @Nullable [] joined(OnnxGraph graph, NodeProto node, ShapeInference shapes) {
    List<long[]> parts = new ArrayList<>();
    for (String input : node.getInputList()) {
      long[] part = of(graph, input, shapes);
      if (part == null) {
        return null;
      }
      parts.add(part);
    }
    return parts.stream().flatMapToLong(Arrays::stream).toArray();
  }

  private static long @Nullable [] picked(OnnxGraph graph, NodeProto node, ShapeInference shapes) {
    long[] from = of(graph, node.getInput(0), shapes);
    long[] indices = Constants.longs(graph, Nodes.input(node, 1));
    if (from == null || indices == null) {
      return null;
    }
    for (int i = 0; i < indices.length; i++) {
      long index = indices[i] < 0 ? indices[i] + from.length : indices[i];
      if (index < 0 || index >= from.length) {
        return null;
      }
      indices[i] = from[(int) index];
    }
    return indices;
  }

  private static long @Nullable [] sliced(OnnxGraph graph, NodeProto node, ShapeInference shapes) {
    long[] from = of(graph, node.getInput(0), shapes);
    long[] start = Constants.longs(graph, Nodes.input(node, 1));
    long[] end = Constants.longs(graph, Nodes.input(node, 2));
    long[] step = Constants.longs(graph, Nodes.input(node, 4));
    boolean steps = !Nodes.input(node, 4).isEmpty() && (step == null || step[0] != 1);
    if (from == null || start == null || end == null || steps) {
      return null;
    }
    return part(from, start[0], end[0]);
  }

  private static long @Nullable [] multiplied(
      OnnxGraph graph, NodeProto node, ShapeInference shapes) {
    long[] a = of(graph, node.getInput(0), shapes);
    long[] b = of(graph, node.getInput(1), shapes);
    if (a == null || b == null || a.length != 1 || b.length != 1) {
      return null;
    }
    return new long[] {a[0] < 0 || b[0] < 0 ? ShapeInference.UNKNOWN : a[0] * b[0]};
  }

  /** Elements start to end − 1; counted from the end where negative. */
  private static long[] part(long[] list, long start, long end) {
    int from = Math.clamp(start < 0 ? start + list.length : start, 0, list.length);
    int to = Math.clamp(end < 0 ? end + list.length : end, 0, list.length);
    return Arrays.copyOfRange(list, from, Math.max(from, to));
  }

  private static long @Nullable [] unknown(long @Nullable [] shape) {
    if (shape == null || shape.length > 1 || (shape.length == 1 && shape[0] < 0)) {
      return null;
    }
    return ShapeRules.unknown(shape.length == 0 ? 1 : (int) shape[0]);
  }
}
