package io.ablate.instrument;

import ai.onnx.proto.OnnxMl.NodeProto;
import io.ablate.onnx.Constants;
import io.ablate.onnx.GraphWriter;
import io.ablate.onnx.Nodes;
import io.ablate.onnx.OnnxGraph;
import io.ablate.onnx.ShapeInference;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * Makes many masks × one example work at operators that do not broadcast.
 *
 * <p>Tensors behind a mask have the mask's batch, those before all masks the example's. Where both
 * meet in an element-wise operator, ONNX broadcasts. Where they meet in a Concat of channels, the
 * tensor without masks is expanded. Anywhere else the example itself is expanded where it enters:
 * right for every operator, but then the rows share nothing.
 */
final class BatchBroadcast {
  private static final Set<String> ELEMENT_WISE =
      Set.of(
          "Add",
          "Sub",
          "Mul",
          "Div",
          "Pow",
          "Min",
          "Max",
          "Sum",
          "Mean",
          "Where",
          "PRelu",
          "Mod",
          "Equal",
          "Less",
          "LessOrEqual",
          "Greater",
          "GreaterOrEqual",
          "And",
          "Or",
          "Xor");

  private final GraphWriter writer;
  private final OnnxGraph graph;
  private final ShapeInference shapes;
  private final String mask;
  private final ExampleInput example;

  /**
   * @param shapes of the graph before it was edited
   */
  BatchBroadcast(GraphWriter writer, ShapeInference shapes, String mask, ExampleInput example) {
    this.writer = writer;
    this.graph = writer.graph();
    this.shapes = shapes;
    this.mask = mask;
    this.example = example;
  }

  /**
   * Expands what has to be.
   *
   * @return the logits, [rows, classes], with the mask's batch even where no mask leads to them
   */
  String apply(String logits) {
    Set<String> masked = behind(mask);
    Set<String> single = behind(example.name());
    single.add(example.name());
    single.removeAll(masked);
    Set<String> meeting = new LinkedHashSet<>();
    for (String tensor : single) {
      for (NodeProto node : graph.consumers(tensor)) {
        if (node.getOutputList().stream().anyMatch(masked::contains) && !broadcasts(node)) {
          meeting.add(node.getOutput(0));
        }
      }
    }
    if (!meeting.stream().allMatch(this::isConcatOfChannels)) {
      expandExample();
      return logits;
    }
    for (String output : meeting) {
      expandInputs(output, single);
    }
    return masked.contains(logits) ? logits : writer.expand(logits, 2, mask);
  }

  private Set<String> behind(String start) {
    Set<String> found = new LinkedHashSet<>();
    Deque<String> open = new ArrayDeque<>(List.of(start));
    while (!open.isEmpty()) {
      for (NodeProto node : graph.consumers(open.remove())) {
        for (String output : node.getOutputList()) {
          if (!output.isEmpty() && found.add(output)) {
            open.add(output);
          }
        }
      }
    }
    return found;
  }

  private boolean broadcasts(NodeProto node) {
    if (Nodes.is(node, "MatMul")) {
      return node.getInputList().stream().allMatch(input -> shapes.rank(input) > 2);
    }
    return Nodes.is(node, node.getOpType()) && ELEMENT_WISE.contains(node.getOpType());
  }

  private boolean isConcatOfChannels(String output) {
    NodeProto node = graph.producer(output);
    int rank = shapes.rank(output);
    return node != null
        && Nodes.is(node, "Concat")
        && rank > 1
        && Math.floorMod(Nodes.integer(node, "axis", 0), rank) != 0
        && !movesBatch(node);
  }

  /** Whether a node above takes the batch away from the first axis, for all that is known. */
  private boolean movesBatch(NodeProto below) {
    Set<String> seen = new LinkedHashSet<>();
    Deque<NodeProto> open = new ArrayDeque<>(List.of(below));
    while (!open.isEmpty()) {
      NodeProto node = open.remove();
      if (mayMoveBatch(node)) {
        return true;
      }
      for (String input : node.getInputList()) {
        NodeProto producer = graph.producer(input);
        if (producer != null && seen.add(input)) {
          open.add(producer);
        }
      }
    }
    return false;
  }

  private boolean mayMoveBatch(NodeProto node) {
    return switch (node.getOpType()) {
      case "Transpose" -> {
        long[] perm = Nodes.integers(node, "perm");
        yield perm == null || perm[0] != 0;
      }
      case "Reshape" -> {
        long[] target = Constants.longs(graph, Nodes.input(node, 1));
        yield target == null || target.length == 0 || target[0] > 0;
      }
      case "Einsum", "SpaceToDepth", "GatherND", "ScatterND", "If", "Loop", "Scan" -> true;
      default -> false;
    };
  }

  private void expandInputs(String output, Set<String> single) {
    NodeProto node = graph.producer(output);
    if (node == null) {
      throw new IllegalStateException("no producer of " + output);
    }
    NodeProto.Builder edited = node.toBuilder();
    for (int i = 0; i < edited.getInputCount(); i++) {
      String input = edited.getInput(i);
      if (single.contains(input)) {
        edited.setInput(i, writer.expand(input, shapes.rank(output), mask));
      }
    }
    graph.replace(node, edited.build());
  }

  private void expandExample() {
    String name = example.name();
    String shape = writer.batchShape(mask, example.shape().length);
    String expanded = graph.uniqueName(name + "_rows");
    graph.replaceUses(name, expanded);
    writer.addAs("Expand", expanded, List.of(name, shape));
  }
}
