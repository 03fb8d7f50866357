package io.ablate.differentiate;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import io.ablate.onnx.Constants;
import io.ablate.onnx.GraphWriter;
import io.ablate.onnx.Nodes;
import io.ablate.onnx.Tensors;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/** Operators that take some elements of a tensor: the gradient goes back to where they were. */
final class SelectionGradients {
  private SelectionGradients() {}

  static void register(Map<String, GradientRule> rules) {
    rules.put("Slice", SelectionGradients::slice);
    rules.put("Gather", SelectionGradients::gather);
  }

  private static void slice(NodeProto node, Backward backward) {
    GraphWriter writer = backward.writer();
    if (node.getInputCount() < 3) {
      throw backward.unsupported(node, "starts and ends as inputs (opset 10)", "attributes");
    }
    List<String> how = new ArrayList<>(node.getInputList());
    how.set(0, positions(backward, node.getInput(0)));
    scatter(node, backward, writer.add("Slice", "taken", how));
  }

  /** Elements that were taken more than once get the sum of their gradients. */
  private static void gather(NodeProto node, Backward backward) {
    GraphWriter writer = backward.writer();
    String input = node.getInput(0);
    long[] shape = backward.shape(node, input);
    int axis = (int) Math.floorMod(Nodes.integer(node, "axis", 0), (long) shape.length);
    long[] indices = Constants.longs(writer.graph(), node.getInput(1));
    if (indices != null && shape[axis] > 0) {
      gatherBack(node, backward, axis, shape, indices);
      return;
    }
    if (writer.graph().opset() < 16) {
      throw backward.unsupported(
          node,
          "constant indices along a known extent, or opset 16",
          (indices == null ? "computed indices" : "an open extent")
              + " at opset "
              + writer.graph().opset());
    }
    String taken =
        writer.add(
            "Gather",
            "taken",
            List.of(positions(backward, input), node.getInput(1)),
            Nodes.attribute("axis", axis));
    scatter(node, backward, taken, Nodes.attribute("reduction", "add"));
  }

  /**
   * Row r of a table says for each element where it was taken for the r-th time, or names a zero:
   * the gradient is gathered by the table and summed over its rows.
   */
  private static void gatherBack(
      NodeProto node, Backward backward, int axis, long[] shape, long[] indices) {
    GraphWriter writer = backward.writer();
    String input = node.getInput(0);
    int extent = (int) shape[axis];
    int[] times = new int[extent];
    for (long index : indices) {
      times[Math.floorMod(index, extent)]++;
    }
    int rows = Math.max(1, Arrays.stream(times).max().orElse(0));
    long[] table = new long[Math.multiplyExact(rows, extent)];
    Arrays.fill(table, indices.length);
    Arrays.fill(times, 0);
    for (int i = 0; i < indices.length; i++) {
      int element = Math.floorMod(indices[i], extent);
      table[times[element]++ * extent + element] = i;
    }
    String from = along(node, backward, axis, shape.length, indices.length);
    if (Arrays.stream(table).anyMatch(at -> at == indices.length)) {
      long[] pads = new long[2 * shape.length];
      pads[shape.length + axis] = 1;
      from = writer.add("Pad", "with_zero", List.of(from, writer.integers("pads", pads)));
    }
    String where = writer.graph().uniqueName("taken_at");
    long[] dims = rows == 1 ? new long[] {extent} : new long[] {rows, extent};
    writer.graph().putInitializer(Tensors.of(where, table, dims));
    String found =
        writer.add(
            "Gather", input + "_gradient", List.of(from, where), Nodes.attribute("axis", axis));
    backward.add(
        input,
        rows == 1 ? found : writer.reduce("ReduceSum", input + "_gradient", found, false, axis));
  }

  /** The gradient with the axes of the indices as one. */
  private static String along(NodeProto node, Backward backward, int axis, int rank, int count) {
    GraphWriter writer = backward.writer();
    String extents = backward.runtimeShape(node.getInput(0));
    List<String> parts = new ArrayList<>();
    if (axis > 0) {
      parts.add(part(writer, extents, 0, axis));
    }
    parts.add(writer.integers("count", count));
    if (axis + 1 < rank) {
      parts.add(part(writer, extents, axis + 1L, rank));
    }
    String shape = writer.add("Concat", "one_axis", parts, Nodes.attribute("axis", 0));
    return writer.add("Reshape", "along_axis", List.of(backward.gradient(node), shape));
  }

  private static String part(GraphWriter writer, String list, long from, long to) {
    return writer.add(
        "Slice",
        "extents",
        List.of(
            list,
            writer.integers("starts", from),
            writer.integers("ends", to),
            writer.integers("axes", 0)));
  }

  /** The number of every element, int64 of the tensor's shape. */
  private static String positions(Backward backward, String tensor) {
    GraphWriter writer = backward.writer();
    String size = writer.add("Size", tensor + "_size", List.of(tensor));
    String range =
        writer.add(
            "Range",
            tensor + "_positions",
            List.of(writer.scalar("from", 0), size, writer.scalar("step", 1)));
    return writer.add(
        "Reshape", tensor + "_positions", List.of(range, backward.runtimeShape(tensor)));
  }

  private static void scatter(
      NodeProto node, Backward backward, String taken, AttributeProto... how) {
    GraphWriter writer = backward.writer();
    String input = node.getInput(0);
    DataType type = backward.type(input);
    // ONNX Runtime does not add in float16 on CPUs.
    boolean wide = type != DataType.FLOAT && how.length > 0;
    String zeros = backward.zeros(input);
    String gradient = backward.gradient(node);
    if (wide) {
      zeros = writer.cast(zeros, DataType.FLOAT);
      gradient = writer.cast(gradient, DataType.FLOAT);
    }
    String scattered =
        FlatScatter.scatter(
            writer,
            FlatScatter.flat(writer, zeros),
            FlatScatter.flat(writer, taken),
            FlatScatter.flat(writer, gradient),
            how);
    String shaped =
        writer.add(
            "Reshape", input + "_gradient", List.of(scattered, backward.runtimeShape(input)));
    backward.add(input, wide ? writer.cast(shaped, type) : shaped);
  }
}
