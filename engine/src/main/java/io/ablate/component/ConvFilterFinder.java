package io.ablate.component;

import ai.onnx.proto.OnnxMl.NodeProto;
import io.ablate.onnx.Constant;
import io.ablate.onnx.Constants;
import io.ablate.onnx.Nodes;
import io.ablate.onnx.OnnxGraph;
import org.jspecify.annotations.Nullable;

/** Filters of convolutions of any rank and grouping whose weight is constant. */
final class ConvFilterFinder implements ComponentFinder {
  @Override
  public @Nullable Site find(OnnxGraph graph, NodeProto node) {
    if (!Nodes.is(node, "Conv")) {
      return null;
    }
    Constant weight = Constants.resolve(graph, Nodes.input(node, 1));
    if (weight == null || weight.dims().length < 3) {
      return null;
    }
    return new Site(
        graph.nameOf(node),
        weight.origin(),
        weight.originAxis(0),
        ComponentKind.CONV_FILTER,
        Math.toIntExact(weight.dims()[0]));
  }
}
