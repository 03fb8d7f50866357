package io.ablate.differentiate;

import ai.onnx.proto.OnnxMl.NodeProto;
import io.ablate.onnx.GraphWriter;
import io.ablate.onnx.Nodes;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Operators that move elements without changing them. */
final class ShapeGradients {
  private ShapeGradients() {}

  static void register(Map<String, GradientRule> rules) {
    for (String operator : List.of("Reshape", "Flatten", "Squeeze", "Unsqueeze")) {
      rules.put(operator, ShapeGradients::reshape);
    }
    rules.put("Transpose", ShapeGradients::transpose);
    rules.put("Concat", ShapeGradients::concat);
    rules.put("Split", ShapeGradients::split);
    rules.put("Expand", ShapeGradients::expand);
    rules.put("Pad", ShapeGradients::pad);
  }

  private static void reshape(NodeProto node, Backward backward) {
    String input = node.getInput(0);
    backward.add(
        input,
        backward
            .writer()
            .add(
                "Reshape",
                input + "_gradient",
                List.of(backward.gradient(node), backward.runtimeShape(input))));
  }

  private static void transpose(NodeProto node, Backward backward) {
    int rank = backward.shape(node, node.getInput(0)).length;
    long[] perm = Nodes.integers(node, "perm");
    long[] inverse = new long[rank];
    for (int i = 0; i < rank; i++) {
      int from = perm == null ? rank - 1 - i : (int) perm[i];
      inverse[from] = i;
    }
    backward.add(
        node.getInput(0),
        backward
            .writer()
            .add(
                "Transpose",
                node.getInput(0) + "_gradient",
                List.of(backward.gradient(node)),
                Nodes.attribute("perm", inverse)));
  }

  /** Each operand gets its part. */
  private static void concat(NodeProto node, Backward backward) {
    int rank = backward.shape(node, node.getOutput(0)).length;
    long axis = Math.floorMod(Nodes.integer(node, "axis", 0), rank);
    GraphWriter writer = backward.writer();
    String start = writer.integers("start", 0);
    for (String input : node.getInputList()) {
      String extent = extent(backward, input, axis);
      String end = writer.add("Add", "part_end", List.of(start, extent));
      if (backward.needs(input)) {
        backward.add(
            input,
            writer.add(
                "Slice",
                input + "_gradient",
                List.of(backward.gradient(node), start, end, writer.integers("axis", axis))));
      }
      start = end;
    }
  }

  /** The runtime extent of one axis, int64 [1]. */
  private static String extent(Backward backward, String tensor, long axis) {
    GraphWriter writer = backward.writer();
    return writer.add(
        "Gather",
        tensor + "_extent",
        List.of(backward.runtimeShape(tensor), writer.integers("axis", axis)));
  }

  /** Parts that nothing used count as zeros. */
  private static void split(NodeProto node, Backward backward) {
    List<String> parts = new ArrayList<>();
    for (String output : node.getOutputList()) {
      String gradient = backward.gradientOf(output);
      parts.add(gradient == null ? backward.zeros(output) : gradient);
    }
    backward.add(
        node.getInput(0),
        backward
            .writer()
            .add(
                "Concat",
                node.getInput(0) + "_gradient",
                parts,
                Nodes.attribute("axis", Nodes.integer(node, "axis", 0))));
  }

  private static void expand(NodeProto node, Backward backward) {
    backward.addSummed(node, node.getInput(0), backward.gradient(node), node.getOutput(0));
  }

  /** Takes off what was added, and adds zeros where elements were taken off. */
  private static void pad(NodeProto node, Backward backward) {
    String mode = Nodes.text(node, "mode", "constant");
    if (!mode.equals("constant") || node.getInputCount() < 2) {
      throw backward.unsupported(node, "mode constant, pads as an input (opset 11)", mode);
    }
    GraphWriter writer = backward.writer();
    String opposite = writer.add("Neg", "opposite_pads", List.of(node.getInput(1)));
    List<String> operands = new ArrayList<>(List.of(backward.gradient(node), opposite));
    String axes = Nodes.input(node, 3);
    if (!axes.isEmpty()) {
      operands.addAll(List.of("", axes));
    }
    backward.add(node.getInput(0), writer.add("Pad", node.getInput(0) + "_gradient", operands));
  }
}
