package io.ablate.onnx;

import ai.onnx.proto.OnnxMl.NodeProto;
import io.ablate.base.BadInputException;
import io.ablate.base.Problem;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Who computes and who uses each tensor, by position among the nodes; rebuilt after an edit. */
final class GraphIndex {
  private final Map<String, Integer> producers = new HashMap<>();
  private final Map<String, List<Integer>> consumers = new HashMap<>();
  private final Map<String, List<Integer>> names = new HashMap<>();

  /**
   * Indexes nodes.
   *
   * @throws BadInputException if two nodes compute the same tensor
   */
  GraphIndex(List<NodeProto> nodes) {
    for (int i = 0; i < nodes.size(); i++) {
      NodeProto node = nodes.get(i);
      for (String output : Subgraphs.outputs(node)) {
        if (producers.putIfAbsent(output, i) != null) {
          throw new BadInputException(
              Problem.of("tensor computed by two nodes")
                  .at("tensor " + output)
                  .expected("one node per tensor"));
        }
      }
      for (String used : Subgraphs.uses(node)) {
        consumers.computeIfAbsent(used, key -> new ArrayList<>()).add(i);
      }
      names.computeIfAbsent(node.getName(), key -> new ArrayList<>()).add(i);
    }
  }

  /** Position of the node that computes a tensor, or −1. */
  int producer(String tensor) {
    return producers.getOrDefault(tensor, -1);
  }

  /** Positions of the nodes that use a tensor, ascending. */
  List<Integer> consumers(String tensor) {
    return consumers.getOrDefault(tensor, List.of());
  }

  /** Position of the only node of this name, or −1 if there is none or more than one. */
  int named(String name) {
    List<Integer> positions = names.getOrDefault(name, List.of());
    return name.isEmpty() || positions.size() != 1 ? -1 : positions.getFirst();
  }
}
