package io.ablate.differentiate;

import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import io.ablate.onnx.GraphWriter;
import io.ablate.onnx.Nodes;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.stream.LongStream;

/**
 * The mean over a window: a convolution of each channel with weights 1, divided by the number of
 * elements that the window counts.
 */
final class AveragePoolGradient implements GradientRule {
  @Override
  public void apply(NodeProto node, Backward backward) {
    String input = node.getInput(0);
    long[] shape = backward.shape(node, input);
    if (shape[1] < 1) {
      throw backward.unsupported(node, "a known number of channels", "an open one");
    }
    long[] kernel = Objects.requireNonNull(Nodes.integers(node, "kernel_shape"));
    Window window = Window.of(node, shape, kernel, backward);
    int size = (int) Arrays.stream(kernel).reduce(1, Math::multiplyExact);
    boolean full = isFull(node, window);
    float[] weight = new float[Math.multiplyExact((int) shape[1], size)];
    Arrays.fill(weight, full ? 1f / size : 1);
    long[] dims = LongStream.concat(LongStream.of(shape[1], 1), Arrays.stream(kernel)).toArray();
    String gradient = backward.gradient(node);
    if (!full) {
      if (Arrays.stream(window.input()).anyMatch(extent -> extent < 1)) {
        throw backward.unsupported(
            node, "known extents where windows reach over the edge", Arrays.toString(shape));
      }
      window = window.toLastWindow();
      String share = share(node, backward, window);
      gradient = backward.writer().add("Mul", "shares", List.of(gradient, share));
    }
    ConvGradient.Kernel mean = new ConvGradient.Kernel(window, weight, dims, (int) shape[1]);
    ConvGradient.add(backward, input, gradient, mean);
  }

  /** Whether every window counts as many elements as the kernel has. */
  private static boolean isFull(NodeProto node, Window window) {
    boolean padded = LongStream.of(window.before()).sum() + LongStream.of(window.after()).sum() > 0;
    return Nodes.integer(node, "ceil_mode", 0) == 0
        && (!padded || Nodes.integer(node, "count_include_pad", 0) != 0);
  }

  /**
   * One by the number of elements that each window counts, [1, 1, positions…]. Versions of the
   * operator differ in what they count, so the operator itself is asked: its mean of ones is the
   * share of them among the elements it counts.
   */
  private static String share(NodeProto node, Backward backward, Window window) {
    GraphWriter writer = backward.writer();
    float[] one = new float[(int) LongStream.of(window.input()).reduce(1, Math::multiplyExact)];
    Arrays.fill(one, 1);
    DataType type = backward.type(node.getInput(0));
    String ones = writer.constant("ones", type, one, image(window.input()));
    String mean = writer.graph().uniqueName("mean_of_ones");
    writer
        .graph()
        .append(
            node.toBuilder()
                .clearName()
                .clearInput()
                .clearOutput()
                .addInput(ones)
                .addOutput(mean)
                .build());
    float[] covered = {1};
    for (int axis = 0; axis < window.kernel().length; axis++) {
      covered = outer(covered, window.covered(axis));
    }
    String count = writer.constant("covered", type, covered, image(window.positions()));
    return writer.add("Div", "share", List.of(mean, count));
  }

  private static long[] image(long[] extents) {
    return LongStream.concat(LongStream.of(1, 1), LongStream.of(extents)).toArray();
  }

  private static float[] outer(float[] left, float[] right) {
    float[] product = new float[left.length * right.length];
    for (int i = 0; i < product.length; i++) {
      product[i] = left[i / right.length] * right[i % right.length];
    }
    return product;
  }
}
