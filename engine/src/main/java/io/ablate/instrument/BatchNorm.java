package io.ablate.instrument;

import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import io.ablate.onnx.Constant;
import io.ablate.onnx.Constants;
import io.ablate.onnx.Nodes;
import io.ablate.onnx.OnnxGraph;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A BatchNormalization in inference mode as what it is: scale ⊙ y + shift.
 *
 * @param node the node
 * @param scale γ/√(σ² + ε) of each channel
 * @param shift β − μ · scale of each channel
 */
public record BatchNorm(NodeProto node, float[] scale, float[] shift) {

  /** As below, of a layer in float32: in lower precision folding would round differently. */
  static @Nullable BatchNorm after(MaskedLayer layer, OnnxGraph graph) {
    return layer.type() == DataType.FLOAT
        ? after(graph, layer.node().getOutput(0), layer.channels())
        : null;
  }

  /**
   * The normalisation that can be folded into a layer: sole user of its output, in inference mode,
   * with constant parameters. Null if there is none.
   *
   * @param output of the layer
   */
  public static @Nullable BatchNorm after(OnnxGraph graph, String output, int channels) {
    List<NodeProto> users = graph.consumers(output);
    if (users.size() != 1 || graph.isOutput(output)) {
      return null;
    }
    NodeProto node = users.getFirst();
    boolean inference =
        Nodes.is(node, "BatchNormalization")
            && Nodes.input(node, 0).equals(output)
            && Nodes.integer(node, "training_mode", 0) == 0
            && node.getOutputList().stream().skip(1).allMatch(String::isEmpty);
    if (!inference) {
      return null;
    }
    float[][] parameters = new float[4][];
    for (int i = 0; i < 4; i++) {
      Constant constant = Constants.resolve(graph, Nodes.input(node, i + 1));
      if (constant == null) {
        return null;
      }
      parameters[i] = constant.floats();
      if (parameters[i].length != channels) {
        return null;
      }
    }
    double epsilon = Nodes.number(node, "epsilon", 1e-5f);
    float[] scale = new float[channels];
    float[] shift = new float[channels];
    for (int c = 0; c < scale.length; c++) {
      double s = parameters[0][c] / Math.sqrt(parameters[3][c] + epsilon);
      scale[c] = (float) s;
      shift[c] = (float) (parameters[1][c] - parameters[2][c] * s);
    }
    return new BatchNorm(node, scale, shift);
  }
}
