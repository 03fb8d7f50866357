package io.ablate.onnx;

import ai.onnx.proto.OnnxMl.NodeProto;
import io.ablate.base.BadInputException;
import io.ablate.base.Problem;
import java.util.ArrayList;
import java.util.List;
import java.util.PriorityQueue;
import java.util.Set;
import java.util.function.Function;

/** Nodes in an order in which each follows those it needs. */
final class NodeOrder {
  private NodeOrder() {}

  /**
   * The nodes, sorted; otherwise their order stays.
   *
   * @param index of these nodes
   * @param nameOf how messages name a node
   * @throws BadInputException if there is a cycle
   */
  static List<NodeProto> of(
      List<NodeProto> nodes, GraphIndex index, Function<NodeProto, String> nameOf) {
    int[] waiting = new int[nodes.size()];
    PriorityQueue<Integer> ready = new PriorityQueue<>();
    for (int i = 0; i < waiting.length; i++) {
      Set<String> uses = Subgraphs.uses(nodes.get(i));
      waiting[i] = (int) uses.stream().filter(tensor -> index.producer(tensor) >= 0).count();
      if (waiting[i] == 0) {
        ready.add(i);
      }
    }
    List<NodeProto> sorted = new ArrayList<>(nodes.size());
    while (!ready.isEmpty()) {
      NodeProto node = nodes.get(ready.remove());
      sorted.add(node);
      for (String output : Subgraphs.outputs(node)) {
        for (int consumer : index.consumers(output)) {
          if (--waiting[consumer] == 0) {
            ready.add(consumer);
          }
        }
      }
    }
    if (sorted.size() < nodes.size()) {
      int stuck = 0;
      while (waiting[stuck] <= 0) {
        stuck++;
      }
      throw new BadInputException(
          Problem.of("graph with a cycle")
              .at("node " + nameOf.apply(nodes.get(stuck)))
              .expected("inputs that do not depend on the node's own outputs"));
    }
    return sorted;
  }
}
