package io.ablate.differentiate;

import ai.onnx.proto.OnnxMl.NodeProto;
import io.ablate.onnx.GraphWriter;
import io.ablate.onnx.Nodes;
import java.util.List;
import java.util.stream.LongStream;

/**
 * Layer normalisation of a scale that no mask reaches: with x̂ the normalised input, σ its spread
 * and g the gradient by x̂, the gradient is (g − mean g − x̂ · mean(g x̂)) / σ.
 */
final class LayerNormGradient implements GradientRule {
  @Override
  public void apply(NodeProto node, Backward backward) {
    boolean parameters = node.getInputList().stream().skip(1).anyMatch(backward::needs);
    if (parameters) {
      throw backward.unsupported(node, "scale and bias without a mask", "ones it reaches");
    }
    GraphWriter writer = backward.writer();
    String input = node.getInput(0);
    int rank = backward.shape(node, input).length;
    long first = Math.floorMod(Nodes.integer(node, "axis", -1), rank);
    long[] axes = LongStream.range(first, rank).toArray();
    String centred = writer.add("Sub", "centred", List.of(input, mean(writer, input, axes)));
    String square = writer.add("Mul", "square", List.of(centred, centred));
    String epsilon = backward.number(Nodes.number(node, "epsilon", 1e-5f), input);
    String variance = writer.add("Add", "variance", List.of(mean(writer, square, axes), epsilon));
    String spread = writer.add("Sqrt", "spread", List.of(variance));
    String normal = writer.add("Div", "normal", List.of(centred, spread));
    String by = writer.add("Mul", "scaled", List.of(backward.gradient(node), node.getInput(1)));
    String product = writer.add("Mul", "product", List.of(by, normal));
    String along = writer.add("Mul", "along", List.of(normal, mean(writer, product, axes)));
    String level = writer.add("Sub", "level", List.of(by, mean(writer, by, axes)));
    String rest = writer.add("Sub", "rest", List.of(level, along));
    backward.add(input, writer.add("Div", input + "_gradient", List.of(rest, spread)));
  }

  private static String mean(GraphWriter writer, String tensor, long[] axes) {
    return writer.reduce("ReduceMean", tensor + "_mean", tensor, true, axes);
  }
}
