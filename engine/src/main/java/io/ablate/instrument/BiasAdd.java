package io.ablate.instrument;

import ai.onnx.proto.OnnxMl.NodeProto;
import io.ablate.onnx.Constant;
import io.ablate.onnx.Constants;
import io.ablate.onnx.Nodes;
import io.ablate.onnx.OnnxGraph;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The Add that gives a MatMul its bias.
 *
 * @param node the Add
 * @param values the bias of each channel
 */
record BiasAdd(NodeProto node, float[] values) {

  /**
   * The Add that is the sole user of a MatMul's output and adds a constant per channel, or null.
   */
  static @Nullable BiasAdd after(MaskedLayer layer, OnnxGraph graph) {
    String output = layer.node().getOutput(0);
    List<NodeProto> users = graph.consumers(output);
    if (users.size() != 1 || graph.isOutput(output) || !Nodes.is(users.getFirst(), "Add")) {
      return null;
    }
    NodeProto add = users.getFirst();
    String other = add.getInput(add.getInput(0).equals(output) ? 1 : 0);
    Constant constant = other.equals(output) ? null : Constants.resolve(graph, other);
    if (constant == null) {
      return null;
    }
    long[] dims = constant.dims();
    float[] values = constant.floats();
    boolean perChannel =
        dims.length <= layer.rank()
            && dims.length > 0
            && values.length == layer.channels()
            && dims[dims.length - 1] == layer.channels();
    return perChannel ? new BiasAdd(add, values) : null;
  }
}
