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
 * Takes a BatchNormalization by constants into the convolution before it, weights and bias. ONNX
 * Runtime does so itself when it loads a graph, but only for {@code Conv}, and too late for what is
 * to be joined or kept with channels last.
 */
final class NormFolding {
  private NormFolding() {}

  /**
   * The graph without the normalisations that can be folded.
   *
   * @param model sorted, in float32
   */
  static OnnxModel of(OnnxModel model) {
    OnnxGraph graph = model.graph();
    GraphWriter writer = new GraphWriter(graph);
    boolean any = false;
    for (NodeProto node : graph.nodes()) {
      any |= Nodes.is(node, "Conv") && fold(writer, node);
    }
    if (!any) {
      return model;
    }
    graph.removeDead();
    return graph.toModel();
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
