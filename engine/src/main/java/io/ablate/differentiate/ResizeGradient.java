package io.ablate.differentiate;

import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import io.ablate.onnx.Constant;
import io.ablate.onnx.GraphWriter;
import io.ablate.onnx.Nodes;
import java.util.Arrays;
import java.util.List;
import java.util.stream.LongStream;

/**
 * Resize interpolates along one axis after the other, each time by a matrix; the gradient goes back
 * through the transposed matrices. The matrix of an axis is what the operator makes of the unit
 * matrix, so every mode is the runtime's own; runtimes fold it to a constant when they load.
 */
final class ResizeGradient implements GradientRule {
  @Override
  public void apply(NodeProto node, Backward backward) {
    String mode = Nodes.text(node, "coordinate_transformation_mode", "half_pixel");
    if (mode.equals("tf_crop_and_resize")) {
      throw backward.unsupported(node, "another coordinate_transformation_mode", mode);
    }
    String policy = Nodes.text(node, "keep_aspect_ratio_policy", "stretch");
    if (!policy.equals("stretch")) {
      throw backward.unsupported(node, "keep_aspect_ratio_policy stretch", policy);
    }
    String input = node.getInput(0);
    long[] from = backward.shape(node, input);
    long[] to = backward.shape(node, node.getOutput(0));
    float[] scales = scales(node, backward, from.length);
    String gradient = backward.gradient(node);
    for (int axis = 0; axis < from.length; axis++) {
      boolean same = scales.length > 0 ? scales[axis] == 1 : from[axis] == to[axis];
      if (same || axis < 2 && scales.length == 0 && to[axis] < 0) {
        continue;
      }
      if (from[axis] < 1 || to[axis] < 1) {
        throw backward.unsupported(
            node,
            "known extents and constant scales or sizes along resized axes",
            Arrays.toString(from) + " to " + Arrays.toString(to));
      }
      String matrix =
          scales.length > 0
              ? matrix(node, backward, from[axis], scales[axis])
              : matrix(node, backward, from[axis], to[axis]);
      gradient = along(backward.writer(), gradient, axis, from.length, matrix);
    }
    backward.add(input, gradient);
  }

  /** A scale per axis; none if the node has sizes or its scales are computed. */
  private static float[] scales(NodeProto node, Backward backward, int rank) {
    String name = Nodes.input(node, 2);
    Constant constant = name.isEmpty() ? null : backward.constant(name);
    float[] given = constant == null ? new float[0] : constant.floats();
    long[] axes = Nodes.integers(node, "axes");
    if (axes == null || given.length == 0) {
      return given;
    }
    float[] scales = new float[rank];
    Arrays.fill(scales, 1);
    for (int i = 0; i < axes.length; i++) {
      scales[(int) Math.floorMod(axes[i], (long) rank)] = given[i];
    }
    return scales;
  }

  /** The matrix [from, to] of an axis stretched by a scale. */
  private static String matrix(NodeProto node, Backward backward, long from, float scale) {
    String scales = backward.writer().constant("scales", DataType.FLOAT, new float[] {1, scale}, 2);
    return matrix(node, backward, from, List.of(scales));
  }

  /** The matrix [from, to] of an axis stretched to an extent. */
  private static String matrix(NodeProto node, Backward backward, long from, long to) {
    String sizes = backward.writer().integers("sizes", from, to);
    return matrix(node, backward, from, List.of(node.getInput(2), sizes));
  }

  private static String matrix(
      NodeProto node, Backward backward, long extent, List<String> scalesAndSizes) {
    GraphWriter writer = backward.writer();
    int size = Math.toIntExact(extent);
    float[] unit = new float[Math.multiplyExact(size, size)];
    for (int i = 0; i < size; i++) {
      unit[i * size + i] = 1;
    }
    DataType type = backward.type(node.getInput(0));
    NodeProto.Builder resize =
        node.toBuilder()
            .clearName()
            .clearInput()
            .clearOutput()
            .clearAttribute()
            .addInput(writer.constant("unit", type, unit, size, size))
            .addInput(node.getInput(1))
            .addAllInput(scalesAndSizes)
            .addOutput(writer.graph().uniqueName("interpolation"));
    node.getAttributeList().stream()
        .filter(attribute -> !attribute.getName().equals("axes"))
        .forEach(resize::addAttribute);
    writer.graph().append(resize.build());
    return resize.getOutput(0);
  }

  /** The product of a matrix [from, to] with every line of a tensor along an axis. */
  private static String along(
      GraphWriter writer, String tensor, int axis, int rank, String matrix) {
    if (axis == rank - 1) {
      String transposed = writer.add("Transpose", "interpolation", List.of(matrix));
      return writer.add("MatMul", "resize_gradient", List.of(tensor, transposed));
    }
    if (axis == rank - 2) {
      return writer.add("MatMul", "resize_gradient", List.of(matrix, tensor));
    }
    long[] swap = LongStream.range(0, rank).toArray();
    swap[axis] = rank - 2L;
    swap[rank - 2] = axis;
    String turned =
        writer.add("Transpose", "turned", List.of(tensor), Nodes.attribute("perm", swap));
    String product = writer.add("MatMul", "resize_gradient", List.of(matrix, turned));
    return writer.add("Transpose", "turned", List.of(product), Nodes.attribute("perm", swap));
  }
}
