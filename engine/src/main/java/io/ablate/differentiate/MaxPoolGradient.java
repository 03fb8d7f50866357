package io.ablate.differentiate;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import io.ablate.onnx.GraphWriter;
import io.ablate.onnx.Nodes;
import io.ablate.onnx.OnnxGraph;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.stream.LongStream;

/**
 * The maximum of a window: to the position that the forward pass took, which it is asked to tell.
 */
final class MaxPoolGradient implements GradientRule {
  @Override
  public void apply(NodeProto node, Backward backward) {
    GraphWriter writer = backward.writer();
    String input = node.getInput(0);
    if (Nodes.integer(node, "storage_order", 0) != 0) {
      throw backward.unsupported(node, "storage_order 0", "storage_order 1");
    }
    long[] kernel = Objects.requireNonNull(Nodes.integers(node, "kernel_shape"));
    Window window = Window.of(node, backward.shape(node, input), kernel, backward);
    String indices = indices(node, backward);
    String gradient = backward.gradient(node);
    String zeros = FlatScatter.flat(writer, backward.zeros(input));
    String scattered;
    if (!window.overlaps()) {
      scattered =
          FlatScatter.scatter(
              writer, zeros, FlatScatter.flat(writer, indices), FlatScatter.flat(writer, gradient));
    } else if (writer.graph().opset() >= 16 && backward.type(input) == DataType.FLOAT) {
      AttributeProto add = Nodes.attribute("reduction", "add");
      scattered =
          FlatScatter.scatter(
              writer,
              zeros,
              FlatScatter.flat(writer, indices),
              FlatScatter.flat(writer, gradient),
              add);
    } else {
      scattered = byTurns(writer, window, zeros, indices, gradient);
    }
    String extents = backward.runtimeShape(input);
    backward.add(input, writer.add("Reshape", input + "_gradient", List.of(scattered, extents)));
  }

  /**
   * Before opset 16, or in float16 on CPUs, ScatterElements cannot add. Windows that lie a reach
   * apart share no element, so they are dealt into that many groups per axis, and the groups take
   * turns to read and write.
   */
  private static String byTurns(
      GraphWriter writer, Window window, String zeros, String indices, String gradient) {
    int axes = window.kernel().length;
    long[] apart = new long[axes];
    for (int i = 0; i < axes; i++) {
      apart[i] = Math.ceilDiv(window.span(i) + 1, window.strides()[i]);
    }
    String sum = zeros;
    long groups = LongStream.of(apart).reduce(1, Math::multiplyExact);
    for (long group = 0; group < groups; group++) {
      long[] first = new long[axes];
      long rest = group;
      for (int i = 0; i < axes; i++) {
        first[i] = rest % apart[i];
        rest /= apart[i];
      }
      String at = FlatScatter.flat(writer, every(writer, indices, first, apart));
      String part = FlatScatter.flat(writer, every(writer, gradient, first, apart));
      String before = writer.add("GatherElements", "before", List.of(sum, at), FlatScatter.AXIS);
      String after = writer.add("Add", "after", List.of(before, part));
      sum = FlatScatter.scatter(writer, sum, at, after);
    }
    return sum;
  }

  /** The windows from these on, at these distances. */
  private static String every(GraphWriter writer, String tensor, long[] first, long[] apart) {
    long[] ends = new long[first.length];
    Arrays.fill(ends, Long.MAX_VALUE);
    return writer.add(
        "Slice",
        "group",
        List.of(
            tensor,
            writer.integers("starts", first),
            writer.integers("ends", ends),
            writer.integers("axes", LongStream.range(2, first.length + 2L).toArray()),
            writer.integers("steps", apart)));
  }

  /** The second output: positions in the flattened input. */
  private static String indices(NodeProto node, Backward backward) {
    if (node.getOutputCount() > 1 && !node.getOutput(1).isEmpty()) {
      return node.getOutput(1);
    }
    OnnxGraph graph = backward.writer().graph();
    String name = graph.uniqueName(node.getOutput(0) + "_indices");
    List<String> outputs = List.of(node.getOutput(0), name);
    graph.replace(node, node.toBuilder().clearOutput().addAllOutput(outputs).build());
    return name;
  }
}
