package io.ablate.ort;

import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.OperatorSetIdProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import io.ablate.onnx.Nodes;
import io.ablate.onnx.OnnxGraph;
import io.ablate.onnx.OnnxModel;
import io.ablate.onnx.ShapeInference;
import io.ablate.onnx.Tensors;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Joins a masked convolution's multiplication, the constant behind it, a residual addition and a
 * ReLU into one node, a {@link MaskedOperator}, where nothing else uses what lies between.
 */
final class MaskFusion {
  /** What brings the mask into a layer's shape. */
  private static final Set<String> SHAPING =
      Set.of("Unsqueeze", "Split", "Slice", "Gather", "Expand");

  private final OnnxGraph graph;
  private final String mask;
  private final ShapeInference shapes;

  private MaskFusion(OnnxGraph graph, String mask) {
    this.graph = graph;
    this.mask = mask;
    this.shapes = ShapeInference.inputsOf(graph);
    for (NodeProto node : graph.nodes()) {
      // Positions and channels are the convolution's, whatever the shape of the mask.
      shapes.visit(
          isMasked(node)
              ? Nodes.node("Identity", node.getOutput(0), List.of(node.getInput(0)))
              : node);
    }
  }

  /**
   * The graph with what can be joined joined.
   *
   * @param mask name of the mask input
   */
  static OnnxModel of(OnnxModel model, String mask) {
    OnnxGraph graph = model.graph();
    MaskFusion fusion = new MaskFusion(graph, mask);
    boolean any = false;
    for (NodeProto node : List.copyOf(graph.nodes())) {
      any |= fusion.isMasked(node) && fusion.fuse(node);
    }
    if (!any) {
      return model;
    }
    OnnxModel fused = graph.toModel();
    return fused.with(
        fused.proto().toBuilder()
            .addOpsetImport(
                OperatorSetIdProto.newBuilder().setDomain(MaskedOperator.DOMAIN).setVersion(1))
            .build());
  }

  private boolean isMasked(NodeProto node) {
    NodeProto shaped = Nodes.is(node, "Mul") ? graph.producer(node.getInput(1)) : null;
    if (shaped == null || !Nodes.is(shaped, "Unsqueeze")) {
      return false;
    }
    String from = node.getInput(1);
    while (!from.equals(mask)) {
      NodeProto producer = graph.producer(from);
      if (producer == null || !SHAPING.contains(producer.getOpType())) {
        return false;
      }
      from = producer.getInput(0);
    }
    return true;
  }

  private boolean fuse(NodeProto multiply) {
    long[] extents = shapes.shape(multiply.getInput(0));
    NodeProto shift = soleUser(multiply, "Add");
    if (extents == null || extents.length != 4 || shift == null) {
      return false;
    }
    String bias = other(shift, multiply.getOutput(0));
    if (!isPerChannel(bias, extents[1])) {
      return false;
    }
    NodeProto last = shift;
    String residual = null;
    NodeProto sum = soleUser(shift, "Add");
    if (sum != null && isLike(other(sum, shift.getOutput(0)), extents)) {
      residual = other(sum, shift.getOutput(0));
      graph.replace(shift);
      last = sum;
    }
    NodeProto relu = soleUser(last, "Relu");
    if (relu != null) {
      graph.replace(last);
      last = relu;
    }
    MaskedOperator operator = MaskedOperator.of(residual != null, relu != null);
    NodeProto.Builder fused =
        NodeProto.newBuilder()
            .setOpType(operator.label())
            .setDomain(MaskedOperator.DOMAIN)
            .setName(graph.nameOf(multiply))
            .addInput(multiply.getInput(0))
            .addInput(multiply.getInput(1))
            .addInput(bias)
            .addOutput(last.getOutput(0));
    if (residual != null) {
      fused.addInput(residual);
    }
    graph.replace(last, fused.build());
    graph.replace(multiply);
    return true;
  }

  private @Nullable NodeProto soleUser(NodeProto node, String operator) {
    String output = node.getOutput(0);
    List<NodeProto> users = graph.consumers(output);
    boolean sole =
        users.size() == 1
            && !graph.isOutput(output)
            && Nodes.is(users.getFirst(), operator)
            && users.getFirst().getInputList().stream().filter(output::equals).count() == 1;
    return sole ? users.getFirst() : null;
  }

  private static String other(NodeProto add, String one) {
    return add.getInput(add.getInput(0).equals(one) ? 1 : 0);
  }

  private boolean isPerChannel(String tensor, long channels) {
    TensorProto constant = graph.initializer(tensor);
    if (constant == null || constant.getDataType() != DataType.FLOAT.getNumber()) {
      return false;
    }
    long[] dims = Tensors.dims(constant);
    return dims.length >= 3
        && dims.length <= 4
        && dims[dims.length - 3] == channels
        && Tensors.size(constant) == channels;
  }

  /** Whether a tensor has the same channels and positions; its rows are the batch's, or one. */
  private boolean isLike(String tensor, long[] extents) {
    long[] found = shapes.shape(tensor);
    if (found == null || found.length != 4 || graph.initializer(tensor) != null) {
      return false;
    }
    for (int axis = 1; axis < 4; axis++) {
      if (extents[axis] < 1 || found[axis] != extents[axis]) {
        return false;
      }
    }
    return true;
  }
}
