package io.ablate.differentiate;

import ai.onnx.proto.OnnxMl.NodeProto;
import io.ablate.onnx.GraphWriter;
import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;

/** Pooling over all positions, and over windows. */
final class PoolGradients {
  private PoolGradients() {}

  static void register(Map<String, GradientRule> rules) {
    rules.put("GlobalAveragePool", PoolGradients::globalAverage);
    rules.put("GlobalMaxPool", PoolGradients::globalMax);
    rules.put("AveragePool", new AveragePoolGradient());
    rules.put("MaxPool", new MaxPoolGradient());
  }

  private static void globalAverage(NodeProto node, Backward backward) {
    GraphWriter writer = backward.writer();
    String input = node.getInput(0);
    String count = backward.elementsPer(input, node.getOutput(0));
    String share = writer.add("Div", "pool_share", List.of(backward.gradient(node), count));
    backward.add(
        input,
        writer.add("Expand", input + "_gradient", List.of(share, backward.runtimeShape(input))));
  }

  /** To the positions that hold the maximum, in equal shares. */
  private static void globalMax(NodeProto node, Backward backward) {
    GraphWriter writer = backward.writer();
    String input = node.getInput(0);
    long[] axes = LongStream.range(2, backward.shape(node, input).length).toArray();
    String equal = writer.add("Equal", "is_max", List.of(input, node.getOutput(0)));
    String chosen = writer.cast(equal, backward.type(input));
    String count = writer.reduce("ReduceSum", "ties", chosen, true, axes);
    String share = writer.add("Div", "tie_share", List.of(backward.gradient(node), count));
    backward.add(input, writer.add("Mul", input + "_gradient", List.of(chosen, share)));
  }
}
