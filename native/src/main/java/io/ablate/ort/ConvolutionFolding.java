package io.ablate.ort;

import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import io.ablate.instrument.BatchNorm;
import io.ablate.onnx.Constant;
import io.ablate.onnx.Constants;
import io.ablate.onnx.ElementTypes;
import io.ablate.onnx.GraphWriter;
import io.ablate.onnx.Nodes;
import io.ablate.onnx.OnnxGraph;
import io.ablate.onnx.OnnxModel;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Takes a BatchNormalization by constants into the convolution before it, weights and bias, and
 * stores as float32 those that are converted to it. ONNX Runtime does so itself when it loads a
 * graph, but only for {@code Conv}, and too late for what is to be joined or kept with channels
 * last.
 */
final class ConvolutionFolding {
  private ConvolutionFolding() {}

  /**
   * The graph without the normalisations and conversions that can be folded.
   *
   * @param model sorted, in float32
   */
  static OnnxModel of(OnnxModel model) {
    OnnxGraph graph = model.graph();
    GraphWriter writer = new GraphWriter(graph);
    boolean any = false;
    for (NodeProto node : graph.nodes()) {
      any |= Nodes.is(node, "Conv") && (fold(writer, node) || store(writer, node));
    }
    if (!any) {
      return model;
    }
    graph.removeDead();
    return graph.toModel();
  }

  private static boolean store(GraphWriter writer, NodeProto convolution) {
    NodeProto.Builder edited = convolution.toBuilder();
    for (int i = 1; i < convolution.getInputCount(); i++) {
      String name = convolution.getInput(i);
      Constant value = writer.graph().producer(name) == null ? null : single(writer.graph(), name);
      if (value != null) {
        edited.setInput(
            i, writer.constant(name + "_stored", DataType.FLOAT, value.floats(), value.dims()));
      }
    }
    NodeProto stored = edited.build();
    if (stored.equals(convolution)) {
      return false;
    }
    writer.graph().replace(convolution, stored);
    return true;
  }

  private static boolean fold(GraphWriter writer, NodeProto convolution) {
    OnnxGraph graph = writer.graph();
    Constant weight = single(graph, convolution.getInput(1));
    String own = Nodes.input(convolution, 2);
    Constant bias = single(graph, own);
    if (weight == null || (bias == null && !own.isEmpty())) {
      return false;
    }
    int channels = Math.toIntExact(weight.dims()[0]);
    BatchNorm norm = BatchNorm.after(graph, convolution.getOutput(0), channels);
    if (norm == null) {
      return false;
    }
    float[] values = weight.floats();
    int perChannel = values.length / channels;
    for (int i = 0; i < values.length; i++) {
      values[i] *= norm.scale()[i / perChannel];
    }
    float[] shift = norm.shift().clone();
    float[] before = bias == null ? new float[channels] : bias.floats();
    for (int c = 0; c < channels; c++) {
      shift[c] += norm.scale()[c] * before[c];
    }
    String name = graph.nameOf(convolution);
    List<String> inputs =
        List.of(
            convolution.getInput(0),
            writer.constant(name + "_weight", DataType.FLOAT, values, weight.dims()),
            writer.constant(name + "_bias", DataType.FLOAT, shift, channels));
    graph.replace(norm.node());
    graph.replace(
        convolution,
        convolution.toBuilder()
            .clearInput()
            .addAllInput(inputs)
            .setOutput(0, norm.node().getOutput(0))
            .build());
    return true;
  }

  private static @Nullable Constant single(OnnxGraph graph, String tensor) {
    return new ElementTypes(graph).of(tensor) == DataType.FLOAT
        ? Constants.resolve(graph, tensor)
        : null;
  }
}
