package io.ablate.instrument;

import ai.onnx.proto.OnnxMl.NodeProto;
import io.ablate.base.BadInputException;
import io.ablate.base.Problem;
import io.ablate.onnx.Constants;
import io.ablate.onnx.Nodes;
import io.ablate.onnx.OnnxGraph;
import org.jspecify.annotations.Nullable;

/**
 * Refuses models exported in training mode: they normalise by the batch, whose rows are other masks
 * here, and drop at random.
 */
final class InferenceMode {
  private InferenceMode() {}

  /**
   * @throws BadInputException naming the first node that trains
   */
  static void require(OnnxGraph graph) {
    for (NodeProto node : graph.nodes()) {
      String found = training(graph, node);
      if (found != null) {
        throw new BadInputException(
            Problem.of("model exported in training mode")
                .at("node " + graph.nameOf(node) + " (" + node.getOpType() + ")")
                .expected("inference mode")
                .found(found)
                .remedy("export the model for inference; in PyTorch, call model.eval() before"));
      }
    }
  }

  private static @Nullable String training(OnnxGraph graph, NodeProto node) {
    if (Nodes.is(node, "BatchNormalization")) {
      // Up to opset 13 further outputs, the statistics of the batch, ask for it.
      boolean statistics = node.getOutputList().stream().skip(1).anyMatch(o -> !o.isEmpty());
      return Nodes.integer(node, "training_mode", 0) != 0 || (graph.opset() < 14 && statistics)
          ? "statistics of the batch"
          : null;
    }
    if (Nodes.is(node, "Dropout")) {
      long[] training = Constants.longs(graph, Nodes.input(node, 2));
      return training != null && training.length == 1 && training[0] != 0 ? "random drops" : null;
    }
    return null;
  }
}
