package io.ablate.component;

import ai.onnx.proto.OnnxMl.NodeProto;
import io.ablate.onnx.Constant;
import io.ablate.onnx.Constants;
import io.ablate.onnx.Nodes;
import io.ablate.onnx.OnnxGraph;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * 1×1 convolutions beside a residual block: their output reaches an addition through BatchNorm at
 * most, and what it is added to is computed from the same tensor that the convolution reads. (The
 * last 1×1 convolution of a bottleneck is added to the block's input, which does not depend on what
 * that convolution reads.)
 */
final class Shortcuts {
  /** What may lie between the block's input and the convolution, as the pooling of ResNet-D. */
  private static final Set<String> BEFORE =
      Set.of(
          "Identity",
          "Cast",
          "Relu",
          "BatchNormalization",
          "AveragePool",
          "MaxPool",
          "QuantizeLinear",
          "DequantizeLinear");

  private static final Set<String> AFTER =
      Set.of("Identity", "Cast", "BatchNormalization", "QuantizeLinear", "DequantizeLinear");

  private Shortcuts() {}

  static boolean isShortcut(OnnxGraph graph, Site site) {
    NodeProto conv = graph.node(site.node());
    if (conv == null || !Nodes.is(conv, "Conv") || !isPointwise(graph, conv)) {
      return false;
    }
    String end = conv.getOutput(0);
    NodeProto next = onlyConsumer(graph, end);
    while (next != null && AFTER.stream().anyMatch(next.getOpType()::equals)) {
      end = next.getOutput(0);
      next = onlyConsumer(graph, end);
    }
    if (next == null || !Nodes.is(next, "Add")) {
      return false;
    }
    String branch = end;
    Set<String> starts = new HashSet<>(Set.of(conv.getInput(0)));
    NodeProto before = graph.producer(conv.getInput(0));
    while (before != null && BEFORE.stream().anyMatch(before.getOpType()::equals)) {
      starts.add(before.getInput(0));
      before = graph.producer(before.getInput(0));
    }
    return next.getInputList().stream()
        .filter(input -> !input.equals(branch))
        .anyMatch(other -> dependsOn(graph, other, starts));
  }

  private static boolean isPointwise(OnnxGraph graph, NodeProto conv) {
    Constant weight = Constants.resolve(graph, Nodes.input(conv, 1));
    return weight != null && Arrays.stream(weight.dims()).skip(2).allMatch(size -> size == 1);
  }

  private static @Nullable NodeProto onlyConsumer(OnnxGraph graph, String tensor) {
    List<NodeProto> consumers = graph.consumers(tensor);
    return consumers.size() == 1 ? consumers.getFirst() : null;
  }

  /** Whether a tensor is computed, by one node at least, from one of the others. */
  private static boolean dependsOn(OnnxGraph graph, String tensor, Set<String> others) {
    Set<String> seen = new HashSet<>();
    Deque<String> open = new ArrayDeque<>(List.of(tensor));
    while (!open.isEmpty()) {
      NodeProto node = graph.producer(open.remove());
      if (node == null) {
        continue;
      }
      for (String input : node.getInputList()) {
        if (others.contains(input)) {
          return true;
        }
        if (seen.add(input)) {
          open.add(input);
        }
      }
    }
    return false;
  }
}
