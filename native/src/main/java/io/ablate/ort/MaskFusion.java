package io.ablate.ort;

import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.OperatorSetIdProto;
import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import io.ablate.onnx.ElementTypes;
import io.ablate.onnx.GraphWriter;
import io.ablate.onnx.Nodes;
import io.ablate.onnx.OnnxGraph;
import io.ablate.onnx.OnnxModel;
import io.ablate.onnx.ShapeInference;
import java.util.ArrayList;
import java.util.List;

/**
 * Joins a masked layer's multiplication, the constant behind it, a residual addition and a ReLU
 * into one node, a {@link MaskedOperator}, where nothing else uses what lies between. It reads the
 * layer's columns from the whole mask, so that no node cuts them out. Other convolutions get the
 * same without a mask, which adds their bias too: ONNX Runtime does that in a pass of its own.
 */
final class MaskFusion {
  /** Of nodes after a convolution, from which on joining them saves a pass. */
  private static final int LEAST_NODES = 2;

  private final OnnxGraph graph;
  private final MaskParts masks;
  private final ShapeInference shapes;
  private final LayerFollowers followers;

  private MaskFusion(OnnxGraph graph, String mask) {
    this.graph = graph;
    GraphWriter writer = new GraphWriter(graph);
    this.masks = new MaskParts(writer, mask);
    this.shapes = ShapeInference.inputsOf(graph);
    this.followers = new LayerFollowers(writer, shapes);
    for (NodeProto node : graph.nodes()) {
      MaskParts.Part part = masks.of(node);
      if (part == null) {
        shapes.visit(node);
      } else {
        visit(node, part);
      }
    }
  }

  /**
   * Positions and channels are the layer's, whatever the mask's shape; rows are those of either.
   */
  private void visit(NodeProto multiply, MaskParts.Part part) {
    String output = multiply.getOutput(0);
    NodeProto like = Nodes.node("Identity", output, List.of(multiply.getInput(0)));
    shapes.visit(like);
    long[] shape = shapes.shape(output);
    if (shape != null && shape.length > 0) {
      DataType type = new ElementTypes(graph).of(output);
      graph.putValueInfo(
          GraphWriter.value(output, type, "", followers.broadcast(shape, List.of(part.source()))));
      shapes.visit(like);
    }
  }

  /**
   * The graph with what can be joined joined.
   *
   * @param model sorted
   * @param mask name of the mask input
   * @param unmasked whether layers without a mask are joined with what follows too
   */
  static OnnxModel of(OnnxModel model, String mask, boolean unmasked) {
    OnnxGraph graph = model.graph();
    MaskFusion fusion = new MaskFusion(graph, mask);
    boolean any = false;
    for (NodeProto node : graph.nodes()) {
      MaskParts.Part part = fusion.masks.of(node);
      any |= part != null && fusion.fuse(node, part);
    }
    if (any) {
      fusion.masks.cutWhatIsLeft();
    }
    for (NodeProto node : unmasked ? graph.nodes() : List.<NodeProto>of()) {
      any |= Nodes.is(node, "Conv") && fusion.fuse(node);
    }
    if (!any) {
      return model;
    }
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
    String y = multiply.getInput(0);
    int rank = shapes.rank(y);
    LayerFollowers.Layer layer = followers.layer(y, rank < 0 ? -1 : part.channelAxis(rank));
    if (layer == null) {
      return false;
    }
    String output = multiply.getOutput(0);
    LayerFollowers.Chain chain = followers.after(output, layer, null);
    List<String> inputs = List.of(y, masks.whole(part, layer.type()));
    NodeProto.Builder joined =
        followers
            .joined(output, layer, chain, inputs, List.of(part.source()))
            .setName(graph.nameOf(multiply))
            .addAttribute(Nodes.attribute(MaskedOperator.FIRST, part.first()));
    graph.replace(multiply, joined.build());
    return true;
  }

  /** A convolution's constant bias, and what follows, where one pass then does what more did. */
  private boolean fuse(NodeProto convolution) {
    String output = convolution.getOutput(0);
    LayerFollowers.Layer layer = followers.layer(output, 1);
    if (layer == null) {
      return false;
    }
    String own = Nodes.input(convolution, 2);
    boolean takesBias = followers.isBias(own, layer);
    LayerFollowers.Chain chain = followers.after(output, layer, takesBias ? own : null);
    if (!takesBias && chain.nodes().size() < LEAST_NODES) {
      return false;
    }
    NodeProto.Builder left = convolution.toBuilder();
    String y = output;
    if (takesBias) {
      y = graph.uniqueName(output + "_bare");
      List<String> inputs = new ArrayList<>(convolution.getInputList());
      inputs.remove(2);
      left.clearInput().addAllInput(inputs).setOutput(0, y);
    }
    NodeProto joined = followers.joined(output, layer, chain, List.of(y), List.of()).build();
    graph.replace(convolution, left.build(), joined);
    return true;
  }
}
