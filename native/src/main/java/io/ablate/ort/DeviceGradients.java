package io.ablate.ort;

import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import io.ablate.differentiate.Backward;
import io.ablate.differentiate.GradientRule;
import io.ablate.differentiate.GradientRules;
import io.ablate.onnx.GraphWriter;
import io.ablate.onnx.Nodes;
import io.ablate.onnx.OnnxGraph;
import java.util.ArrayList;
import java.util.List;

/**
 * The rules for what {@link MaskFusion} and {@link ChannelsLast} put into a graph: with them the
 * graph that a device runs forward is differentiated, rather than the model's own, and stays in its
 * precision and layout on the way back.
 */
final class DeviceGradients {
  private static final GradientRules RULES = rules();

  private DeviceGradients() {}

  /** For graphs with extents fixed. */
  static GradientRules standard() {
    return RULES;
  }

  private static GradientRules rules() {
    GradientRules rules =
        GradientRules.standard().with(ChannelsLast.DOMAIN, "NhwcConv", new NhwcConvGradient());
    for (MaskedOperator operator : MaskedOperator.all()) {
      GradientRule rule =
          operator.masked()
              ? (node, backward) -> masked(node, operator, backward)
              : (node, backward) -> unmasked(node, operator, backward);
      rules = rules.with(DeviceOperator.DOMAIN, operator.label(), rule);
    }
    for (ImageOperator operator : ImageOperator.all()) {
      GradientRule rule =
          operator.mean()
              ? DeviceGradients::mean
              : (node, backward) -> largest(node, operator, backward);
      rules = rules.with(DeviceOperator.DOMAIN, operator.label(), rule);
    }
    return rules;
  }

  /** The derivative behind the ReLU is that by the layer and that by the residual. */
  private static void unmasked(NodeProto node, MaskedOperator operator, Backward backward) {
    String gradient =
        operator.relu() ? behindRelu(node, operator, backward) : backward.gradient(node);
    backward.add(node.getInput(0), gradient);
    if (operator.residual()) {
      backward.add(node.getInput(operator.bias() + 1), gradient);
    }
  }

  private static String behindRelu(NodeProto node, MaskedOperator operator, Backward backward) {
    String output = node.getOutput(0);
    List<String> inputs = new ArrayList<>(parts(node, backward));
    ReluGradient gradient = new ReluGradient(inputs.size() == 2, operator.half());
    inputs.add(output);
    OnnxGraph graph = backward.writer().graph();
    String name = graph.uniqueName(output + "_back");
    graph.append(
        Nodes.node(gradient.label(), name, inputs).toBuilder()
            .setDomain(DeviceOperator.DOMAIN)
            .build());
    state(graph, name, backward.type(output), backward.shape(node, output));
    return name;
  }

  private static void masked(NodeProto node, MaskedOperator operator, Backward backward) {
    if (!operator.channelsLast()) {
      throw backward.unsupported(node, "channels last", "channels second");
    }
    String layer = node.getInput(0);
    String mask = node.getInput(1);
    List<String> parts = parts(node, backward);
    boolean two = parts.size() == 2;
    String residual = operator.residual() ? node.getInput(operator.bias() + 1) : "";
    boolean ofResidual = operator.residual() && backward.needs(residual);
    MaskedGradient gradient =
        new MaskedGradient(
            two, operator.relu(), ofResidual && (two || operator.relu()), operator.half());
    List<String> inputs = new ArrayList<>(parts);
    inputs.add(layer);
    inputs.add(mask);
    if (operator.relu()) {
      inputs.add(node.getOutput(0));
    }
    OnnxGraph graph = backward.writer().graph();
    NodeProto.Builder made =
        NodeProto.newBuilder()
            .setOpType(gradient.label())
            .setDomain(DeviceOperator.DOMAIN)
            .addAllInput(inputs)
            .addAllAttribute(node.getAttributeList());
    for (int i = 0; i < gradient.outputs(); i++) {
      made.addOutput(graph.uniqueName(node.getOutput(0) + "_back"));
    }
    graph.append(made.build());
    long[] shape = backward.shape(node, layer);
    long channels = shape[shape.length - 1];
    DataType type = backward.type(layer);
    state(graph, made.getOutput(MaskedGradient.BY_LAYER), type, shape);
    state(graph, made.getOutput(MaskedGradient.BY_MASK), DataType.FLOAT, shape[0], channels);
    backward.add(layer, made.getOutput(MaskedGradient.BY_LAYER));
    backward.addColumns(
        node,
        inFloat32(mask, graph),
        Nodes.integer(node, MaskedOperator.FIRST, 0),
        channels,
        made.getOutput(MaskedGradient.BY_MASK));
    if (gradient.residual()) {
      state(graph, made.getOutput(MaskedGradient.BY_RESIDUAL), type, shape);
      backward.add(residual, made.getOutput(MaskedGradient.BY_RESIDUAL));
    } else if (ofResidual) {
      backward.add(residual, parts.getFirst());
    }
  }

  /** The derivative by a node's output in one or two parts. */
  private static List<String> parts(NodeProto node, Backward backward) {
    List<String> parts = backward.contributions(node.getOutput(0));
    return parts.size() <= 2 ? parts : List.of(backward.gradient(node));
  }

  /** What a mask was before it was converted: its derivative is in float32 and stays so. */
  private static String inFloat32(String mask, OnnxGraph graph) {
    NodeProto node = graph.producer(mask);
    return node != null && Nodes.is(node, "Cast") ? node.getInput(0) : mask;
  }

  private static void mean(NodeProto node, Backward backward) {
    GraphWriter writer = backward.writer();
    String input = node.getInput(0);
    long[] shape = backward.shape(node, input);
    String share = backward.number(1f / (shape[1] * shape[2]), input);
    backward.add(
        input,
        writer.add(
            "Expand",
            input + "_gradient",
            List.of(
                writer.add("Mul", "mean_share", List.of(backward.gradient(node), share)),
                backward.runtimeShape(input))));
  }

  private static void largest(NodeProto node, ImageOperator operator, Backward backward) {
    String input = node.getInput(0);
    OnnxGraph graph = backward.writer().graph();
    String name = graph.uniqueName(input + "_gradient");
    graph.append(
        NodeProto.newBuilder()
            .setOpType(new ImageGradient(true, operator.half()).label())
            .setDomain(DeviceOperator.DOMAIN)
            .addAllInput(List.of(input, node.getOutput(0), backward.gradient(node)))
            .addOutput(name)
            .addAllAttribute(node.getAttributeList())
            .build());
    state(graph, name, backward.type(input), backward.shape(node, input));
    backward.add(input, name);
  }

  static void state(OnnxGraph graph, String tensor, DataType type, long... shape) {
    graph.putValueInfo(GraphWriter.value(tensor, type, "", shape));
  }
}
