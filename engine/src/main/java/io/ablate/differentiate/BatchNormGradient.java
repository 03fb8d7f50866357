package io.ablate.differentiate;

import ai.onnx.proto.OnnxMl.NodeProto;
import io.ablate.onnx.Constant;
import io.ablate.onnx.Nodes;
import java.util.Arrays;
import java.util.List;

/** Batch normalisation at inference: a constant factor per channel. */
final class BatchNormGradient implements GradientRule {
  @Override
  public void apply(NodeProto node, Backward backward) {
    Constant gamma = backward.constant(node.getInput(1));
    Constant variance = backward.constant(node.getInput(4));
    if (gamma == null || variance == null || Nodes.integer(node, "training_mode", 0) != 0) {
      throw backward.unsupported(node, "constant parameters, inference mode", "others");
    }
    float epsilon = Nodes.number(node, "epsilon", 1e-5f);
    float[] scale = gamma.floats();
    float[] spread = variance.floats();
    for (int c = 0; c < scale.length; c++) {
      scale[c] = (float) (scale[c] / Math.sqrt((double) spread[c] + epsilon));
    }
    String input = node.getInput(0);
    long[] shape = new long[backward.shape(node, input).length];
    Arrays.fill(shape, 1);
    shape[1] = scale.length;
    String factor =
        backward.writer().constant("channel_factor", backward.type(input), scale, shape);
    backward.add(
        input,
        backward
            .writer()
            .add("Mul", input + "_gradient", List.of(backward.gradient(node), factor)));
  }
}
