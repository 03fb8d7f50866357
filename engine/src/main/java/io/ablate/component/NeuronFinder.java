package io.ablate.component;

import ai.onnx.proto.OnnxMl.NodeProto;
import io.ablate.onnx.Constant;
import io.ablate.onnx.Constants;
import io.ablate.onnx.Nodes;
import io.ablate.onnx.OnnxGraph;
import org.jspecify.annotations.Nullable;

/**
 * Neurons of fully connected layers: Gemm and MatMul whose second matrix is constant and whose
 * first is not. A product of two activations, as in attention, has no neurons.
 */
final class NeuronFinder implements ComponentFinder {
  @Override
  public @Nullable Site find(OnnxGraph graph, NodeProto node) {
    boolean gemm = Nodes.is(node, "Gemm");
    if (!gemm && !Nodes.is(node, "MatMul")) {
      return null;
    }
    Constant weight = Constants.resolve(graph, Nodes.input(node, 1));
    if (weight == null
        || weight.dims().length != 2
        || Constants.resolve(graph, Nodes.input(node, 0)) != null) {
      return null;
    }
    int axis = gemm && Nodes.integer(node, "transB", 0) != 0 ? 0 : 1;
    return new Site(
        graph.nameOf(node),
        weight.origin(),
        weight.originAxis(axis),
        ComponentKind.NEURON,
        Math.toIntExact(weight.dims()[axis]));
  }
}
