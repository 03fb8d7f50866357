package io.ablate.instrument;

import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import io.ablate.base.BadInputException;
import io.ablate.base.Problem;
import io.ablate.onnx.Constant;
import io.ablate.onnx.Constants;
import io.ablate.onnx.GraphWriter;
import io.ablate.onnx.Nodes;
import io.ablate.onnx.OnnxGraph;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Brings a layer y = W∗x + b and the BatchNorm s ⊙ y + t that may follow into the form m ⊙ (sW∗x +
 * k₁) + k₂, in which the mask m costs one multiplication. With what ablation leaves of y being r,
 *
 * <ul>
 *   <li>zero weights: r = b, hence k₁ = 0, k₂ = s·b + t;
 *   <li>zero output, mean, constant: k₁ = s·(b − r), k₂ = s·r + t, with r = 0 for zero output.
 * </ul>
 *
 * A BatchNorm that cannot be folded stays behind the mask, with s = 1 and t = 0 here.
 */
final class LayerRewriter {
  private final GraphWriter writer;
  private final OnnxGraph graph;
  private final Ablation ablation;
  private final float @Nullable [] reference;
  private final boolean foldsNorm;
  private final Gate gate;

  /**
   * @param foldsNorm whether a BatchNorm is taken into the layer where it can be
   */
  LayerRewriter(
      GraphWriter writer,
      Ablation ablation,
      float @Nullable [] reference,
      boolean foldsNorm,
      Gate gate) {
    this.writer = writer;
    this.graph = writer.graph();
    this.ablation = ablation;
    this.reference = reference;
    this.foldsNorm = foldsNorm;
    this.gate = gate;
  }

  void rewrite(MaskedLayer layer) {
    switch (layer.node().getOpType()) {
      case "Conv" -> convolution(layer);
      case "Gemm" -> gemm(layer);
      default -> matMul(layer);
    }
  }

  private void convolution(MaskedLayer layer) {
    NodeProto node = layer.node();
    float[] bias = bias(layer, Nodes.input(node, 2));
    BatchNorm norm = foldsNorm ? BatchNorm.after(layer, graph) : null;
    String weight = Nodes.input(node, 1);
    String output = node.getOutput(0);
    if (norm != null) {
      weight = scaledWeight(layer, weight, norm.scale());
      output = norm.node().getOutput(0);
      graph.replace(norm.node());
    }
    Terms k = constants(layer, bias, norm);
    NodeProto.Builder bare = node.toBuilder().clearInput().clearOutput();
    bare.addInput(node.getInput(0)).addInput(weight);
    if (k.inside != null) {
      bare.addInput(
          writer.constant(layer.name() + "_inside", layer.type(), k.inside, layer.channels()));
    }
    String bareOutput = graph.uniqueName(layer.name() + "_bare");
    graph.replace(node, bare.addOutput(bareOutput).build());
    finish(layer, bareOutput, k.behind, output);
  }

  private void gemm(MaskedLayer layer) {
    NodeProto node = layer.node();
    float[] bias = bias(layer, Nodes.input(node, 2));
    float beta = Nodes.number(node, "beta", 1);
    for (int c = 0; c < bias.length; c++) {
      bias[c] *= beta;
    }
    Terms k = constants(layer, bias, null);
    NodeProto.Builder bare = node.toBuilder().clearInput().clearOutput().clearAttribute();
    bare.addInput(node.getInput(0)).addInput(node.getInput(1));
    node.getAttributeList().stream()
        .filter(attribute -> !attribute.getName().equals("beta"))
        .forEach(bare::addAttribute);
    if (k.inside != null) {
      bare.addInput(
          writer.constant(layer.name() + "_inside", layer.type(), k.inside, layer.channels()));
    }
    String bareOutput = graph.uniqueName(layer.name() + "_bare");
    graph.replace(node, bare.addOutput(bareOutput).build());
    finish(layer, bareOutput, k.behind, node.getOutput(0));
  }

  /** MatMul; a bias is the constant that a following Add, its sole user, adds. */
  private void matMul(MaskedLayer layer) {
    NodeProto node = layer.node();
    String output = node.getOutput(0);
    BiasAdd add = BiasAdd.after(layer, graph);
    if (ablation == Ablation.ZERO_WEIGHTS || add == null) {
      Terms k = constants(layer, new float[layer.channels()], null);
      String bare = graph.detach(output);
      finish(layer, plus(layer, bare, k.inside), k.behind, output);
      return;
    }
    Terms k = constants(layer, add.values(), null);
    graph.replace(add.node());
    finish(layer, plus(layer, output, k.inside), k.behind, add.node().getOutput(0));
  }

  private String plus(MaskedLayer layer, String tensor, float @Nullable [] constant) {
    return constant == null
        ? tensor
        : writer.add(
            "Add", layer.name() + "_shifted", List.of(tensor, perChannel(layer, constant)));
  }

  private void finish(MaskedLayer layer, String bare, float @Nullable [] behind, String output) {
    if (behind == null) {
      gate.add(layer, bare, output);
      return;
    }
    String gated = graph.uniqueName(layer.name() + "_masked");
    gate.add(layer, bare, gated);
    writer.addAs("Add", output, List.of(gated, perChannel(layer, behind)));
  }

  private String perChannel(MaskedLayer layer, float[] values) {
    return writer.constant(layer.name() + "_behind", layer.type(), values, layer.channelShape());
  }

  private String scaledWeight(MaskedLayer layer, String weight, float[] scale) {
    Constant constant = Constants.resolve(graph, weight);
    if (constant == null) {
      throw new IllegalStateException("weight is not constant: " + weight);
    }
    float[] values = constant.floats();
    int perChannel = values.length / scale.length;
    for (int i = 0; i < values.length; i++) {
      values[i] *= scale[i / perChannel];
    }
    return writer.constant(layer.name() + "_weight", DataType.FLOAT, values, constant.dims());
  }

  /**
   * @param inside k₁; null if it is 0
   * @param behind k₂; null if it is 0
   */
  private record Terms(float @Nullable [] inside, float @Nullable [] behind) {}

  private Terms constants(MaskedLayer layer, float[] bias, @Nullable BatchNorm norm) {
    float[] inside = new float[layer.channels()];
    float[] behind = new float[layer.channels()];
    for (int c = 0; c < inside.length; c++) {
      int column = layer.columns()[c];
      float left =
          switch (ablation) {
            case ZERO_WEIGHTS -> bias[c];
            case ZERO_OUTPUT -> 0;
            case MEAN, CONSTANT -> column < 0 || reference == null ? 0 : reference[column];
          };
      float scale = norm == null ? 1 : norm.scale()[c];
      inside[c] = scale * (bias[c] - left);
      behind[c] = scale * left + (norm == null ? 0 : norm.shift()[c]);
    }
    return new Terms(unlessZero(inside), unlessZero(behind));
  }

  private static float @Nullable [] unlessZero(float[] values) {
    for (float value : values) {
      if (value != 0) {
        return values;
      }
    }
    return null;
  }

  /** A bias input spread over the channels; zeros where there is none. */
  private float[] bias(MaskedLayer layer, String name) {
    float[] bias = new float[layer.channels()];
    if (name.isEmpty()) {
      return bias;
    }
    Constant constant = Constants.resolve(graph, name);
    float[] values = constant == null ? null : constant.floats();
    if (values == null || (values.length != bias.length && values.length != 1)) {
      throw new BadInputException(
          Problem.of(values == null ? "bias computed at run time" : "bias of an unexpected shape")
              .at("node " + layer.name())
              .expected("a constant of " + bias.length + " values")
              .found(constant == null ? "tensor " + name : Arrays.toString(constant.dims()))
              .remedy("leave its components out, or fold constants before exporting"));
    }
    for (int c = 0; c < bias.length; c++) {
      bias[c] = values[values.length == 1 ? 0 : c];
    }
    return bias;
  }
}
