package io.ablate.differentiate;

import ai.onnx.proto.OnnxMl.NodeProto;
import io.ablate.onnx.Constants;
import io.ablate.onnx.GraphWriter;
import io.ablate.onnx.Nodes;
import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;

/** Reductions over axes, and the softmaxes. */
final class ReductionGradients {
  private ReductionGradients() {}

  static void register(Map<String, GradientRule> rules) {
    rules.put("ReduceSum", (node, b) -> spread(node, b, wide(node, b, b.gradient(node))));
    rules.put("ReduceMean", ReductionGradients::mean);
    rules.put("ReduceMax", ReductionGradients::extreme);
    rules.put("ReduceMin", ReductionGradients::extreme);
    rules.put("ReduceLogSumExp", ReductionGradients::logSumExp);
    rules.put("Softmax", ReductionGradients::softmax);
    rules.put("LogSoftmax", ReductionGradients::logSoftmax);
  }

  /** Repeats a tensor with axes of extent 1 to the extents of the input. */
  private static void spread(NodeProto node, Backward b, String wide) {
    String input = node.getInput(0);
    b.add(
        input, b.writer().add("Expand", input + "_gradient", List.of(wide, b.runtimeShape(input))));
  }

  /** A tensor of the output's shape with the reduced axes as axes of extent 1. */
  private static String wide(NodeProto node, Backward b, String tensor) {
    return Nodes.integer(node, "keepdims", 1) != 0
        ? tensor
        : b.writer().unsqueeze(tensor, axes(node, b));
  }

  private static long[] axes(NodeProto node, Backward b) {
    int rank = b.shape(node, node.getInput(0)).length;
    long[] axes = Nodes.integers(node, "axes");
    String input = Nodes.input(node, 1);
    if (axes == null && !input.isEmpty()) {
      axes = Constants.longs(b.writer().graph(), input);
      if (axes == null) {
        throw b.unsupported(node, "constant axes", "tensor " + input);
      }
    }
    if (axes == null || axes.length == 0) {
      boolean none = Nodes.integer(node, "noop_with_empty_axes", 0) != 0;
      return none ? new long[0] : LongStream.range(0, rank).toArray();
    }
    return LongStream.of(axes).map(axis -> Math.floorMod(axis, (long) rank)).sorted().toArray();
  }

  private static void mean(NodeProto node, Backward b) {
    GraphWriter writer = b.writer();
    String input = node.getInput(0);
    String count = b.elementsPer(input, node.getOutput(0));
    String share = writer.add("Div", "mean_share", List.of(b.gradient(node), count));
    spread(node, b, wide(node, b, share));
  }

  /** To the elements that equal the extreme, in equal shares. */
  private static void extreme(NodeProto node, Backward b) {
    GraphWriter writer = b.writer();
    String input = node.getInput(0);
    String extreme = wide(node, b, node.getOutput(0));
    String equal = writer.add("Equal", "is_extreme", List.of(input, extreme));
    String chosen = writer.cast(equal, b.type(input));
    String count = writer.reduce("ReduceSum", "ties", chosen, true, axes(node, b));
    String share = writer.add("Div", "tie_share", List.of(wide(node, b, b.gradient(node)), count));
    b.add(input, writer.add("Mul", input + "_gradient", List.of(chosen, share)));
  }

  /** exp(x − logsumexp x). */
  private static void logSumExp(NodeProto node, Backward b) {
    GraphWriter writer = b.writer();
    String input = node.getInput(0);
    String below = writer.add("Sub", "below_sum", List.of(input, wide(node, b, node.getOutput(0))));
    String weights = writer.add("Exp", "weights", List.of(below));
    b.add(
        input,
        writer.add("Mul", input + "_gradient", List.of(weights, wide(node, b, b.gradient(node)))));
  }

  /** The axes of which the softmax makes one: before opset 13 all from the given one on. */
  private static long[] softmaxAxes(NodeProto node, Backward b) {
    int rank = b.shape(node, node.getInput(0)).length;
    boolean flattens = b.writer().graph().opset() < 13;
    long axis = Math.floorMod(Nodes.integer(node, "axis", flattens ? 1 : -1), (long) rank);
    return LongStream.range(axis, flattens ? rank : axis + 1).toArray();
  }

  /** y ⊙ (g − Σ g y). */
  private static void softmax(NodeProto node, Backward b) {
    GraphWriter writer = b.writer();
    String y = node.getOutput(0);
    String weighted = writer.add("Mul", "weighted", List.of(b.gradient(node), y));
    String sum = writer.reduce("ReduceSum", "weighted_sum", weighted, true, softmaxAxes(node, b));
    String common = writer.add("Mul", "common", List.of(y, sum));
    b.add(
        node.getInput(0),
        writer.add("Sub", node.getInput(0) + "_gradient", List.of(weighted, common)));
  }

  /** g − exp(y) Σ g. */
  private static void logSoftmax(NodeProto node, Backward b) {
    GraphWriter writer = b.writer();
    String gradient = b.gradient(node);
    String sum = writer.reduce("ReduceSum", "sum", gradient, true, softmaxAxes(node, b));
    String y = writer.add("Exp", "probabilities", List.of(node.getOutput(0)));
    String common = writer.add("Mul", "common", List.of(y, sum));
    b.add(
        node.getInput(0),
        writer.add("Sub", node.getInput(0) + "_gradient", List.of(gradient, common)));
  }
}
