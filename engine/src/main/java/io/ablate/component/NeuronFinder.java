package io.ablate.component;

import ai.onnx.proto.OnnxMl.NodeProto;
import io.ablate.onnx.Constant;
import io.ablate.onnx.Constants;
import io.ablate.onnx.Nodes;
import io.ablate.onnx.OnnxGraph;
import org.jspecify.annotations.Nullable;

/**
 * Neurons of fully connected layers: Gemm with a constant second matrix, MatMul with a constant
 * matrix on exactly one side. A product of two activations, as in attention, has no neurons.
 */
final class NeuronFinder implements ComponentFinder {
  @Override
  public @Nullable Site find(OnnxGraph graph, NodeProto node) {
    if (Nodes.is(node, "Gemm")) {
      boolean transposed = Nodes.integer(node, "transB", 0) != 0;
      return site(graph, node, matrix(graph, node, 1), transposed ? 0 : 1, -1);
    }
    if (!Nodes.is(node, "MatMul")) {
      return null;
    }
    Constant left = Constants.resolve(graph, Nodes.input(node, 0));
    Constant right = Constants.resolve(graph, Nodes.input(node, 1));
    if ((left == null) == (right == null)) {
      return null;
    }
    return left == null
        ? site(graph, node, matrix(graph, node, 1), 1, -1)
        : site(graph, node, matrix(graph, node, 0), 0, -2);
  }

  private static @Nullable Constant matrix(OnnxGraph graph, NodeProto node, int input) {
    Constant constant = Constants.resolve(graph, Nodes.input(node, input));
    return constant == null || constant.dims().length != 2 ? null : constant;
  }

  private static @Nullable Site site(
      OnnxGraph graph, NodeProto node, @Nullable Constant weight, int axis, int outputAxis) {
    return weight == null
        ? null
        : new Site(
            graph.nameOf(node),
            weight.origin(),
            weight.originAxis(axis),
            ComponentKind.NEURON,
            Math.toIntExact(weight.dims()[axis]),
            outputAxis);
  }
}
