package io.ablate.instrument;

import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import io.ablate.base.BadInputException;
import io.ablate.base.Problem;
import io.ablate.component.Component;
import io.ablate.component.ComponentSet;
import io.ablate.component.Slice;
import io.ablate.onnx.Constant;
import io.ablate.onnx.Constants;
import io.ablate.onnx.ElementTypes;
import io.ablate.onnx.Nodes;
import io.ablate.onnx.OnnxGraph;
import io.ablate.onnx.ShapeInference;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/** Gathers the slices of all components by the node that they belong to. */
final class MaskedLayers {
  private MaskedLayers() {}

  /**
   * The layers to mask, in the order of their first column.
   *
   * @throws BadInputException if a slice names no node or channel, is claimed by two components, or
   *     its node cannot be masked
   */
  static List<MaskedLayer> of(OnnxGraph graph, ComponentSet components) {
    if (components.size() == 0) {
      throw new BadInputException(
          Problem.of("no components to ablate").remedy("choose a rule that matches a layer"));
    }
    ShapeInference shapes = ShapeInference.of(graph);
    ElementTypes types = new ElementTypes(graph);
    OneExample one = new OneExample(graph);
    Map<String, MaskedLayer> layers = new LinkedHashMap<>();
    for (int column = 0; column < components.size(); column++) {
      Component component = components.columns().get(column);
      for (Slice slice : component.slices()) {
        MaskedLayer layer =
            layers.computeIfAbsent(
                slice.node(), name -> layer(graph, shapes, types, name, component));
        claim(layer, slice, column, components);
      }
    }
    requireBatchFirst(one, layers, components);
    return new ArrayList<>(layers.values());
  }

  /** Refuses all layers at once whose first axis is not the batch, so that one rule mends them. */
  private static void requireBatchFirst(
      OneExample one, Map<String, MaskedLayer> layers, ComponentSet components) {
    List<MaskedLayer> folded =
        layers.values().stream()
            .filter(layer -> one.foldedExtent(layer.node().getOutput(0)) > 0)
            .toList();
    if (folded.isEmpty()) {
      return;
    }
    Set<String> nodes = folded.stream().map(MaskedLayer::name).collect(Collectors.toSet());
    String rule =
        components.columns().stream()
            .filter(c -> c.slices().stream().anyMatch(slice -> nodes.contains(slice.node())))
            .map(component -> "!" + component.layer())
            .distinct()
            .collect(Collectors.joining(","));
    MaskedLayer first = folded.getFirst();
    throw OneExample.refused(
        "node " + first.name() + (folded.size() > 1 ? " and " + (folded.size() - 1) + " more" : ""),
        one.foldedExtent(first.node().getOutput(0)),
        "leave these layers out (--components '"
            + rule
            + "'), or export the model without folding or moving the batch axis");
  }

  private static void claim(MaskedLayer layer, Slice slice, int column, ComponentSet components) {
    if (slice.index() < 0 || slice.index() >= layer.channels()) {
      throw new BadInputException(
          Problem.of("component index outside its layer")
              .at("node " + layer.name())
              .expected("0 to " + (layer.channels() - 1))
              .found(slice.index()));
    }
    int other = layer.columns()[slice.index()];
    if (other >= 0 && other != column) {
      throw new BadInputException(
          Problem.of("channel " + slice.index() + " belongs to two components")
              .at("node " + layer.name())
              .found(
                  components.columns().get(other).label()
                      + " and "
                      + components.columns().get(column).label())
              .remedy("list every channel once"));
    }
    layer.columns()[slice.index()] = column;
  }

  private static MaskedLayer layer(
      OnnxGraph graph,
      ShapeInference shapes,
      ElementTypes types,
      String name,
      Component component) {
    NodeProto node = graph.node(name);
    if (node == null) {
      throw new BadInputException(
          Problem.of("component " + component.label() + " names a node that the model lacks")
              .at("node " + name)
              .remedy("list the components of this model with `ablate inspect`"));
    }
    String weight = Nodes.input(node, 1);
    Constant constant = Constants.resolve(graph, weight);
    boolean conv = Nodes.is(node, "Conv");
    if (!conv && !Nodes.is(node, "Gemm") && !Nodes.is(node, "MatMul")) {
      throw new BadInputException(
          Problem.of("operator cannot be masked")
              .at("node " + name)
              .expected("Conv, Gemm or MatMul of the default ONNX domain")
              .found(node.getOpType())
              .remedy(
                  node.getOpType().contains("Integer") || node.getOpType().startsWith("QLinear")
                      ? "export the quantised model with QuantizeLinear/DequantizeLinear pairs, or"
                          + " use its floating-point original"
                      : "leave its components out"));
    }
    if (constant == null) {
      throw new BadInputException(
          Problem.of("weight computed at run time")
              .at("node " + name)
              .expected("a constant weight")
              .found("tensor " + weight)
              .remedy("leave its components out, or fold constants before exporting"));
    }
    long[] dims = constant.dims();
    int channelAxis =
        conv || (Nodes.is(node, "Gemm") && Nodes.integer(node, "transB", 0) != 0) ? 0 : 1;
    int rank = conv ? dims.length : Nodes.is(node, "Gemm") ? 2 : shapes.rank(node.getOutput(0));
    if (dims.length < 2 || (!conv && dims.length != 2)) {
      throw new BadInputException(
          Problem.of("weight of an unexpected rank")
              .at("node " + name)
              .expected(conv ? "at least 3" : "2")
              .found(dims.length));
    }
    if (rank < 2) {
      throw new BadInputException(
          Problem.of("output of unknown rank")
              .at("node " + name)
              .expected("at least 2 axes, the batch first")
              .found(rank < 0 ? "nothing that tells" : rank)
              .remedy(
                  "leave its components out (--components '!"
                      + component.layer()
                      + "'), or write the shapes into the file with onnx.shape_inference"));
    }
    int[] columns = new int[Math.toIntExact(dims[channelAxis])];
    Arrays.fill(columns, -1);
    DataType type = types.of(weight);
    return new MaskedLayer(name, node, columns, rank, type);
  }
}
