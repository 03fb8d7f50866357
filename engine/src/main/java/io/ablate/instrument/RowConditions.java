package io.ablate.instrument;

import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.ValueInfoProto;
import io.ablate.base.BadInputException;
import io.ablate.base.Problem;
import io.ablate.onnx.Nodes;
import io.ablate.onnx.OnnxGraph;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Refuses an If or Loop that values of the example decide: it decides once for a batch, whose rows,
 * other masks, may ask for different things. Shapes may decide; they are the same for all rows.
 */
final class RowConditions {
  private RowConditions() {}

  /**
   * @throws BadInputException naming the first such node
   */
  static void refuse(OnnxGraph graph) {
    for (NodeProto node : graph.nodes()) {
      List<String> deciding =
          Nodes.is(node, "If")
              ? List.of(Nodes.input(node, 0))
              : Nodes.is(node, "Loop")
                  ? List.of(Nodes.input(node, 0), Nodes.input(node, 1))
                  : List.of();
      for (String tensor : deciding) {
        if (dependsOnValues(graph, tensor)) {
          throw new BadInputException(
              Problem.of("one decision for all rows of a batch")
                  .at("node " + graph.nameOf(node) + " (" + node.getOpType() + ")")
                  .expected("a condition that follows from constants and shapes")
                  .found("tensor " + tensor + ", computed from the example's values")
                  .remedy("export the model without it, for instance with Where"));
        }
      }
    }
  }

  private static boolean dependsOnValues(OnnxGraph graph, String start) {
    Set<String> inputs =
        new HashSet<>(graph.inputs().stream().map(ValueInfoProto::getName).toList());
    Set<String> seen = new HashSet<>();
    Deque<String> open = new ArrayDeque<>(List.of(start));
    while (!open.isEmpty()) {
      String tensor = open.remove();
      if (inputs.contains(tensor)) {
        return true;
      }
      NodeProto node = graph.producer(tensor);
      if (node != null && !Nodes.is(node, "Shape") && !Nodes.is(node, "Size") && seen.add(tensor)) {
        open.addAll(node.getInputList());
      }
    }
    return false;
  }
}
