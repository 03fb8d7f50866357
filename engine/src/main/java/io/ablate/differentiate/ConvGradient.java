package io.ablate.differentiate;

import ai.onnx.proto.OnnxMl.NodeProto;
import io.ablate.onnx.Constant;
import io.ablate.onnx.GraphWriter;
import io.ablate.onnx.Nodes;
import java.util.Arrays;
import java.util.List;
import java.util.stream.LongStream;

/**
 * Convolution with constant weights: the gradient by its input is the transposed convolution of the
 * gradient by its output. With stride 1 that is a convolution with the weights flipped and their
 * channels exchanged, which runtimes compute fastest.
 */
final class ConvGradient implements GradientRule {
  @Override
  public void apply(NodeProto node, Backward backward) {
    if (!backward.needs(node.getInput(0))) {
      throw backward.unsupported(node, "constant weights and bias", "ones that depend on the mask");
    }
    Constant weight = backward.constant(node.getInput(1));
    if (weight == null || backward.needs(node.getInput(1))) {
      throw backward.unsupported(node, "constant weights", "tensor " + node.getInput(1));
    }
    long[] dims = weight.dims();
    long[] shape = backward.shape(node, node.getInput(0));
    Window window = Window.of(node, shape, Arrays.copyOfRange(dims, 2, dims.length), backward);
    long group = Nodes.integer(node, "group", 1);
    String gradient = backward.gradient(node);
    Kernel kernel = new Kernel(window, weight.floats(), dims, (int) group);
    add(backward, node.getInput(0), gradient, kernel);
  }

  /**
   * What a convolution multiplies its input by.
   *
   * @param weight [out, in / group, kernel…], flat
   * @param dims these extents
   */
  record Kernel(Window window, float[] weight, long[] dims, int group) {}

  /**
   * Adds the gradient by the input of a convolution.
   *
   * @param gradient by its output
   */
  static void add(Backward backward, String input, String gradient, Kernel kernel) {
    if (kernel.window.isDense()) {
      dense(backward, input, gradient, kernel);
    } else {
      strided(backward, input, gradient, kernel);
    }
  }

  private static void dense(Backward backward, String input, String gradient, Kernel kernel) {
    GraphWriter writer = backward.writer();
    Window window = kernel.window;
    int axes = window.kernel().length;
    long[] pads = new long[2 * axes];
    for (int i = 0; i < axes; i++) {
      pads[i] = window.span(i) - window.before()[i];
      pads[i + axes] = window.span(i) - window.after()[i];
    }
    long[] turned = kernel.dims.clone();
    turned[0] = kernel.dims[1] * kernel.group;
    turned[1] = kernel.dims[0] / kernel.group;
    String flipped =
        writer.constant(input + "_turned", backward.type(input), turned(kernel), turned);
    backward.add(
        input,
        writer.add(
            "Conv",
            input + "_gradient",
            List.of(gradient, flipped),
            Nodes.attribute("group", kernel.group),
            Nodes.attribute("kernel_shape", window.kernel()),
            Nodes.attribute("dilations", window.dilations()),
            Nodes.attribute("pads", pads)));
  }

  /** Weights [in, out / group, kernel…], the kernel flipped. */
  private static float[] turned(Kernel kernel) {
    float[] weight = kernel.weight;
    int group = kernel.group;
    int out = (int) kernel.dims[0] / group;
    int in = (int) kernel.dims[1];
    int size = weight.length / ((int) kernel.dims[0] * in);
    float[] turned = new float[weight.length];
    for (int g = 0; g < group; g++) {
      for (int o = 0; o < out; o++) {
        for (int i = 0; i < in; i++) {
          int from = ((g * out + o) * in + i) * size;
          int to = ((g * in + i) * out + o) * size;
          for (int k = 0; k < size; k++) {
            turned[to + size - 1 - k] = weight[from + k];
          }
        }
      }
    }
    return turned;
  }

  private static void strided(Backward backward, String input, String gradient, Kernel kernel) {
    GraphWriter writer = backward.writer();
    Window window = kernel.window;
    int axes = window.kernel().length;
    boolean known = Arrays.stream(window.input()).allMatch(extent -> extent > 0);
    long[] more = new long[axes];
    long[] crop = new long[2 * axes];
    for (int i = 0; i < axes; i++) {
      // What ConvTranspose cannot pad or lacks is cut off afterwards.
      more[i] = known ? window.rest(i) : window.strides()[i] - 1;
      crop[i] = window.before()[i];
      crop[i + axes] = known ? window.after()[i] : 0;
    }
    String same =
        writer.constant(input + "_weight", backward.type(input), kernel.weight, kernel.dims);
    String transposed =
        writer.add(
            "ConvTranspose",
            input + "_gradient",
            List.of(gradient, same),
            Nodes.attribute("group", kernel.group),
            Nodes.attribute("kernel_shape", window.kernel()),
            Nodes.attribute("strides", window.strides()),
            Nodes.attribute("dilations", window.dilations()),
            Nodes.attribute("output_padding", more),
            Nodes.attribute("pads", crop));
    backward.add(input, known ? transposed : cropped(backward, input, transposed, axes));
  }

  /** The first elements along each position axis, as many as the input has. */
  private static String cropped(Backward backward, String input, String tensor, int axes) {
    GraphWriter writer = backward.writer();
    long[] positions = LongStream.range(2, axes + 2L).toArray();
    String extents =
        writer.add(
            "Slice",
            input + "_positions",
            List.of(
                backward.runtimeShape(input),
                writer.integers("starts", 2),
                writer.integers("ends", axes + 2L),
                writer.integers("axes", 0)));
    return writer.add(
        "Slice",
        input + "_gradient",
        List.of(
            tensor,
            writer.integers("starts", new long[axes]),
            extents,
            writer.integers("axes", positions)));
  }
}
