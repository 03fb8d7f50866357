package io.ablate.ort;

import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.OperatorSetIdProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import io.ablate.onnx.ElementTypes;
import io.ablate.onnx.GraphWriter;
import io.ablate.onnx.Nodes;
import io.ablate.onnx.OnnxGraph;
import io.ablate.onnx.OnnxModel;
import io.ablate.onnx.ShapeInference;
import io.ablate.onnx.Tensors;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Joins a masked layer's multiplication, the constant behind it, a residual addition and a ReLU
 * into one node, a {@link MaskedOperator}, where nothing else uses what lies between. It reads the
 * layer's columns from the whole mask, so that no node cuts them out.
 */
final class MaskFusion {
  private final OnnxGraph graph;
  private final GraphWriter writer;
  private final MaskParts masks;
  private final ShapeInference shapes;
  private final Map<String, String> zeros = new HashMap<>();

  private MaskFusion(OnnxGraph graph, String mask) {
    this.graph = graph;
    this.writer = new GraphWriter(graph);
    this.masks = new MaskParts(writer, mask);
    this.shapes = ShapeInference.inputsOf(graph);
    for (NodeProto node : graph.nodes()) {
      // Positions and channels are the layer's, whatever the shape of the mask.
      shapes.visit(
          masks.of(node) != null
              ? Nodes.node("Identity", node.getOutput(0), List.of(node.getInput(0)))
              : node);
    }
  }

  /**
   * The graph with what can be joined joined.
   *
   * @param model sorted
   * @param mask name of the mask input
   */
  static OnnxModel of(OnnxModel model, String mask) {
    OnnxGraph graph = model.graph();
    MaskFusion fusion = new MaskFusion(graph, mask);
    boolean any = false;
    for (NodeProto node : List.copyOf(graph.nodes())) {
      MaskParts.Part part = fusion.masks.of(node);
      any |= part != null && fusion.fuse(node, part);
    }
    if (!any) {
      return model;
    }
    fusion.masks.cutWhatIsLeft();
    graph.sort();
    graph.removeDead();
    OnnxModel fused = graph.toModel();
    return fused.with(
        fused.proto().toBuilder()
            .addOpsetImport(
                OperatorSetIdProto.newBuilder().setDomain(MaskedOperator.DOMAIN).setVersion(1))
            .build());
  }

  private boolean fuse(NodeProto multiply, MaskParts.Part part) {
    long[] extents = shapes.shape(multiply.getInput(0));
    int channelAxis = extents == null ? -1 : part.channelAxis(extents.length);
    DataType type = new ElementTypes(graph).of(multiply.getInput(0));
    if (extents == null
        || channelAxis <= 0
        || Arrays.stream(extents).skip(1).anyMatch(extent -> extent <= 0)
        || (type != DataType.FLOAT && type != DataType.FLOAT16)) {
      return false;
    }
    NodeProto last = multiply;
    String bias = null;
    String residual = null;
    for (NodeProto sum = soleUser(last, "Add"); sum != null; sum = soleUser(last, "Add")) {
      String added = other(sum, last.getOutput(0));
      if (bias == null && residual == null && isPerChannel(added, extents, channelAxis, type)) {
        bias = added;
      } else if (residual == null && isLike(added, extents)) {
        residual = added;
      } else {
        break;
      }
      last = joined(multiply, last, sum);
    }
    NodeProto relu = soleUser(last, "Relu");
    if (relu != null) {
      last = joined(multiply, last, relu);
    }
    boolean channelsLast = channelAxis == extents.length - 1;
    MaskedOperator operator =
        new MaskedOperator(residual != null, relu != null, type == DataType.FLOAT16, channelsLast);
    NodeProto.Builder fused =
        NodeProto.newBuilder()
            .setOpType(operator.label())
            .setDomain(MaskedOperator.DOMAIN)
            .setName(graph.nameOf(multiply))
            .addAttribute(Nodes.attribute(MaskedOperator.FIRST, part.first()))
            .addInput(multiply.getInput(0))
            .addInput(masks.whole(part, type))
            .addInput(bias == null ? nothing(type, extents[channelAxis]) : bias)
            .addOutput(last.getOutput(0));
    if (residual != null) {
      fused.addInput(residual);
    }
    String output = last.getOutput(0);
    graph.putValueInfo(GraphWriter.value(output, type, "", shape(extents, part, residual)));
    if (!last.equals(multiply)) {
      graph.replace(last);
    }
    graph.replace(multiply, fused.build());
    return true;
  }

  /** Rows are those of whatever has more than one. */
  private long[] shape(long[] extents, MaskParts.Part part, @Nullable String residual) {
    long[] shape = extents.clone();
    for (String operand :
        residual == null ? List.of(part.source()) : List.of(part.source(), residual)) {
      long[] found = shapes.shape(operand);
      shape[0] = found == null || found[0] < 0 || shape[0] < 0 ? -1 : Math.max(found[0], shape[0]);
    }
    return shape;
  }

  /** The node that now ends what is joined; the one before it goes, but for the first. */
  private NodeProto joined(NodeProto first, NodeProto before, NodeProto last) {
    if (!before.equals(first)) {
      graph.replace(before);
    }
    return last;
  }

  /** A constant that changes no sum, not even −0. */
  private String nothing(DataType type, long channels) {
    return zeros.computeIfAbsent(
        type + " " + channels,
        key -> {
          float[] values = new float[Math.toIntExact(channels)];
          Arrays.fill(values, -0f);
          return writer.constant("no_bias", type, values, channels);
        });
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

  private boolean isPerChannel(String tensor, long[] extents, int channelAxis, DataType type) {
    TensorProto constant = graph.initializer(tensor);
    if (constant == null || constant.getDataType() != type.getNumber()) {
      return false;
    }
    long[] dims = Tensors.dims(constant);
    int axis = dims.length - (extents.length - channelAxis);
    return axis >= 0
        && dims.length <= extents.length
        && dims[axis] == extents[channelAxis]
        && Tensors.size(constant) == extents[channelAxis];
  }

  /** Whether a tensor has the same channels and positions; its rows are the batch's, or one. */
  private boolean isLike(String tensor, long[] extents) {
    long[] found = shapes.shape(tensor);
    return found != null
        && found.length == extents.length
        && graph.initializer(tensor) == null
        && Arrays.equals(found, 1, found.length, extents, 1, extents.length);
  }
}
