package io.ablate.ort;

import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import io.ablate.differentiate.Backward;
import io.ablate.differentiate.GradientRule;
import io.ablate.onnx.Constant;
import io.ablate.onnx.Nodes;
import io.ablate.onnx.OnnxGraph;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Convolution over images with channels last, by a stored weight: the gradient by its input is a
 * convolution of the gradient by its output, its elements put strides apart, with the kernel
 * flipped and its channels exchanged. With a kernel of one element they are put apart afterwards.
 */
final class NhwcConvGradient implements GradientRule {
  @Override
  public void apply(NodeProto node, Backward backward) {
    String input = node.getInput(0);
    Constant weight = backward.constant(node.getInput(1));
    if (!backward.needs(input) || weight == null) {
      throw backward.unsupported(node, "constant weights", "ones that depend on the mask");
    }
    long[] from = backward.shape(node, input);
    long[] to = backward.shape(node, node.getOutput(0));
    long[] dims = weight.dims(); // out, height, width, in / group
    long[] strides = orElse(Nodes.integers(node, "strides"), 1, 1);
    long[] dilations = orElse(Nodes.integers(node, "dilations"), 1, 1);
    boolean known =
        Arrays.stream(from).skip(1).allMatch(extent -> extent > 0)
            && Arrays.stream(to).skip(1).allMatch(extent -> extent > 0);
    long[] back = new long[4];
    long[] apart = new long[2];
    for (int i = 0; i < 2; i++) {
      long span = dilations[i] * (dims[1 + i] - 1);
      apart[i] = (to[1 + i] - 1) * strides[i] + 1;
      back[i] = span - before(node, i, apart[i] + span - from[1 + i]);
      back[2 + i] = from[1 + i] - apart[i] + span - back[i];
      known &= back[i] >= 0 && back[2 + i] >= 0;
    }
    if (!known) {
      throw backward.unsupported(node, "known extents, no more padding than windows reach", "else");
    }
    int group = (int) Nodes.integer(node, "group", 1);
    String gradient = backward.gradient(node);
    boolean strided = strides[0] > 1 || strides[1] > 1;
    boolean small = dims[1] == 1 && dims[2] == 1;
    if (strided && !small) {
      gradient = spread(backward, input, gradient, strides, to[0], apart[0], apart[1], to[3]);
    }
    long[] padding = strided && small ? new long[4] : back;
    String turned = turned(backward, input, weight, group);
    String result =
        convolution(backward, input, List.of(gradient, turned), padding, dilations, dims, group);
    backward.add(input, strided && small ? spread(backward, input, result, strides, from) : result);
  }

  /**
   * Padding before the first element.
   *
   * @param reach how far the windows reach beyond the image, on both sides together
   */
  private static long before(NodeProto node, int axis, long reach) {
    return switch (Nodes.text(node, "auto_pad", "NOTSET")) {
      case "VALID" -> 0;
      case "SAME_UPPER" -> Math.max(0, reach) / 2;
      case "SAME_LOWER" -> Math.ceilDiv(Math.max(0, reach), 2);
      default -> orElse(Nodes.integers(node, "pads"), 0, 0, 0, 0)[axis];
    };
  }

  private static String convolution(
      Backward backward,
      String input,
      List<String> operands,
      long[] pads,
      long[] dilations,
      long[] dims,
      int group) {
    OnnxGraph graph = backward.writer().graph();
    String name = graph.uniqueName(input + "_gradient");
    graph.append(
        Nodes.node(
                "NhwcConv",
                name,
                operands,
                Nodes.attribute("group", group),
                Nodes.attribute("kernel_shape", new long[] {dims[1], dims[2]}),
                Nodes.attribute("dilations", dilations),
                Nodes.attribute("pads", pads))
            .toBuilder()
            .setDomain(ChannelsLast.DOMAIN)
            .build());
    return name;
  }

  private static String spread(
      Backward backward, String input, String tensor, long[] strides, long... shape) {
    OnnxGraph graph = backward.writer().graph();
    DataType type = backward.type(input);
    String name = graph.uniqueName(input + "_apart");
    long[] windows = {1, 1, strides[0], strides[1], 0, 0, shape[1], shape[2]};
    graph.append(
        Nodes.node(
                new ImageGradient(false, type == DataType.FLOAT16).label(),
                name,
                List.of(tensor),
                Nodes.attribute(ImageOperator.WINDOWS, windows))
            .toBuilder()
            .setDomain(DeviceOperator.DOMAIN)
            .build());
    DeviceGradients.state(graph, name, type, shape);
    return name;
  }

  /** Weights [in, height, width, out / group], the kernel flipped. */
  private static String turned(Backward backward, String input, Constant weight, int group) {
    long[] dims = weight.dims();
    float[] from = weight.floats();
    int out = (int) dims[0] / group;
    int size = (int) (dims[1] * dims[2]);
    int in = (int) dims[3];
    float[] to = new float[from.length];
    for (int g = 0; g < group; g++) {
      for (int o = 0; o < out; o++) {
        for (int k = 0; k < size; k++) {
          for (int i = 0; i < in; i++) {
            to[((g * in + i) * size + size - 1 - k) * out + o] =
                from[((g * out + o) * size + k) * in + i];
          }
        }
      }
    }
    return backward
        .writer()
        .constant(
            input + "_turned", backward.type(input), to, (long) group * in, dims[1], dims[2], out);
  }

  private static long[] orElse(long @Nullable [] values, long... otherwise) {
    return values == null || values.length != otherwise.length ? otherwise : values;
  }
}
