package io.ablate.differentiate;

import ai.onnx.proto.OnnxMl.NodeProto;
import io.ablate.onnx.Constants;
import io.ablate.onnx.GraphWriter;
import io.ablate.onnx.Nodes;
import java.util.ArrayList;
import java.util.Arrays;
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
    rules.put("Slice", ShapeGradients::slice);
    rules.put("Gather", ShapeGradients::gather);
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

  /** Scatters the gradient to the positions of the elements that were taken. */
  private static void slice(NodeProto node, Backward backward) {
    GraphWriter writer = backward.writer();
    if (node.getInputCount() < 3) {
      throw backward.unsupported(node, "starts and ends as inputs (opset 10)", "attributes");
    }
    List<String> how = new ArrayList<>(node.getInputList());
    how.set(0, positions(backward, node.getInput(0)));
    String taken = writer.addAs("Slice", writer.graph().uniqueName("taken"), how);
    scatter(node, backward, taken);
  }

  /** As {@link #slice}; elements taken more than once would need their sum. */
  private static void gather(NodeProto node, Backward backward) {
    long[] indices = Constants.longs(backward.writer().graph(), node.getInput(1));
    long[] shape = backward.shape(node, node.getInput(0));
    long extent = shape[(int) Math.floorMod(Nodes.integer(node, "axis", 0), (long) shape.length)];
    if (indices == null
        || extent < 1
        || Arrays.stream(indices).map(i -> Math.floorMod(i, extent)).distinct().count()
            < indices.length) {
      throw backward.unsupported(
          node,
          "constant indices, each once, along a known extent",
          indices == null ? "computed ones" : Arrays.toString(indices));
    }
    String taken =
        backward
            .writer()
            .add(
                "Gather",
                "taken",
                List.of(positions(backward, node.getInput(0)), node.getInput(1)),
                Nodes.attribute("axis", Nodes.integer(node, "axis", 0)));
    scatter(node, backward, taken);
  }

  /** The number of every element, int64 of the tensor's shape. */
  private static String positions(Backward backward, String tensor) {
    GraphWriter writer = backward.writer();
    String size = writer.add("Size", tensor + "_size", List.of(tensor));
    String range =
        writer.add(
            "Range",
            tensor + "_positions",
            List.of(writer.scalar("from", 0), size, writer.scalar("step", 1)));
    return writer.add(
        "Reshape", tensor + "_positions", List.of(range, backward.runtimeShape(tensor)));
  }

  private static void scatter(NodeProto node, Backward backward, String taken) {
    GraphWriter writer = backward.writer();
    String input = node.getInput(0);
    String flat = writer.integers("flat", -1);
    String zeros = writer.add("Reshape", input + "_zeros", List.of(backward.zeros(input), flat));
    String at = writer.add("Reshape", "taken_flat", List.of(taken, flat));
    String updates = writer.add("Reshape", "updates_flat", List.of(backward.gradient(node), flat));
    String scattered =
        writer.add(
            "ScatterElements",
            input + "_scattered",
            List.of(zeros, at, updates),
            Nodes.attribute("axis", 0));
    backward.add(
        input,
        writer.add(
            "Reshape", input + "_gradient", List.of(scattered, backward.runtimeShape(input))));
  }
}
