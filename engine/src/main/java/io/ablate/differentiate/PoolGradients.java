package io.ablate.differentiate;

import ai.onnx.proto.OnnxMl.NodeProto;
import io.ablate.onnx.GraphWriter;
import io.ablate.onnx.Nodes;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.LongStream;

/** Pooling over all positions or over windows. */
final class PoolGradients {
  private PoolGradients() {}

  static void register(Map<String, GradientRule> rules) {
    rules.put("GlobalAveragePool", PoolGradients::globalAverage);
    rules.put("GlobalMaxPool", PoolGradients::globalMax);
    rules.put("AveragePool", PoolGradients::average);
    rules.put("MaxPool", PoolGradients::max);
  }

  private static void globalAverage(NodeProto node, Backward backward) {
    GraphWriter writer = backward.writer();
    String input = node.getInput(0);
    String count = backward.elementsPer(input, node.getOutput(0));
    String share = writer.add("Div", "pool_share", List.of(backward.gradient(node), count));
    backward.add(
        input,
        writer.add("Expand", input + "_gradient", List.of(share, backward.runtimeShape(input))));
  }

  /** To the positions that hold the maximum, in equal shares. */
  private static void globalMax(NodeProto node, Backward backward) {
    GraphWriter writer = backward.writer();
    String input = node.getInput(0);
    long[] axes = LongStream.range(2, backward.shape(node, input).length).toArray();
    String equal = writer.add("Equal", "is_max", List.of(input, node.getOutput(0)));
    String chosen = writer.cast(equal, backward.type(input));
    String count = writer.reduce("ReduceSum", "ties", chosen, true, axes);
    String share = writer.add("Div", "tie_share", List.of(backward.gradient(node), count));
    backward.add(input, writer.add("Mul", input + "_gradient", List.of(chosen, share)));
  }

  /** The mean over a window as a convolution of each channel. */
  private static void average(NodeProto node, Backward backward) {
    String input = node.getInput(0);
    long[] shape = backward.shape(node, input);
    boolean padded =
        Nodes.integers(node, "pads") != null
            && Arrays.stream(Nodes.integers(node, "pads")).anyMatch(pad -> pad != 0);
    boolean automatic = !Nodes.text(node, "auto_pad", "NOTSET").matches("NOTSET|VALID");
    boolean partial = padded && Nodes.integer(node, "count_include_pad", 0) == 0;
    if (partial || automatic || Nodes.integer(node, "ceil_mode", 0) != 0 || shape[1] < 1) {
      throw backward.unsupported(
          node,
          "windows of full size: no padding or count_include_pad, no ceil_mode, known channels",
          "another form");
    }
    long[] kernel = Objects.requireNonNull(Nodes.integers(node, "kernel_shape"));
    int channels = (int) shape[1];
    int size = (int) Arrays.stream(kernel).reduce(1, Math::multiplyExact);
    float[] weight = new float[channels * size];
    Arrays.fill(weight, 1f / size);
    long[] dims = LongStream.concat(LongStream.of(channels, 1), Arrays.stream(kernel)).toArray();
    ConvGradient.add(
        node, backward, Window.of(node, shape, kernel, backward), weight, dims, channels);
  }

  /** To the position that the forward pass took, which it is asked to tell. */
  private static void max(NodeProto node, Backward backward) {
    GraphWriter writer = backward.writer();
    String input = node.getInput(0);
    if (Nodes.integer(node, "storage_order", 0) != 0) {
      throw backward.unsupported(node, "storage_order 0", "storage_order 1");
    }
    long[] kernel = Objects.requireNonNull(Nodes.integers(node, "kernel_shape"));
    long[] strides = Nodes.integers(node, "strides");
    boolean overlapping = false;
    for (int i = 0; i < kernel.length; i++) {
      overlapping |= kernel[i] > (strides == null ? 1 : strides[i]);
    }
    boolean sums = writer.graph().opset() >= 16;
    if (overlapping && !sums) {
      throw backward.unsupported(
          node, "opset 16 or newer for overlapping windows", "opset " + writer.graph().opset());
    }
    String indices = indices(node, backward);
    String flat = writer.integers("flat", -1);
    String zeros = backward.zeros(input);
    List<String> operands =
        List.of(
            writer.add("Reshape", "zeros_flat", List.of(zeros, flat)),
            writer.add("Reshape", "indices_flat", List.of(indices, flat)),
            writer.add("Reshape", "gradient_flat", List.of(backward.gradient(node), flat)));
    String scattered =
        overlapping
            ? writer.add(
                "ScatterElements",
                "scattered",
                operands,
                Nodes.attribute("axis", 0),
                Nodes.attribute("reduction", "add"))
            : writer.add("ScatterElements", "scattered", operands, Nodes.attribute("axis", 0));
    backward.add(
        input,
        writer.add(
            "Reshape", input + "_gradient", List.of(scattered, backward.runtimeShape(input))));
  }

  /** The second output: positions in the flattened input. */
  private static String indices(NodeProto node, Backward backward) {
    if (node.getOutputCount() > 1 && !node.getOutput(1).isEmpty()) {
      return node.getOutput(1);
    }
    var graph = backward.writer().graph();
    String name = graph.uniqueName(node.getOutput(0) + "_indices");
    List<String> outputs = new ArrayList<>(List.of(node.getOutput(0), name));
    graph.replace(node, node.toBuilder().clearOutput().addAllOutput(outputs).build());
    return name;
  }
}
