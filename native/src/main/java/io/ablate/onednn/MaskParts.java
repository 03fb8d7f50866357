package io.ablate.onednn;

import ai.onnx.proto.OnnxMl.NodeProto;
import io.ablate.onnx.Constants;
import io.ablate.onnx.Nodes;
import io.ablate.onnx.OnnxGraph;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * The tensors that are parts of the mask: which column of it each of their channels is. Nothing of
 * them is computed in a pass; masks are written where they are used.
 */
final class MaskParts {
  /** A channel that is always kept. */
  static final int KEPT = -1;

  private final OnnxGraph graph;
  private final Map<String, int[]> columns = new HashMap<>();

  MaskParts(OnnxGraph graph, String mask, int size) {
    this.graph = graph;
    columns.put(mask, IntStream.range(0, size).toArray());
  }

  /** The columns of a tensor that is part of the mask; null for any other. */
  int @Nullable [] columns(String tensor) {
    return columns.get(tensor);
  }

  /** Follows a node that takes parts of the mask; false if it does not, or cannot be followed. */
  boolean follow(NodeProto node) {
    int[] from = columns.get(Nodes.input(node, 0));
    if (from == null) {
      return false;
    }
    int[] found =
        switch (node.getOpType()) {
          case "Identity", "Cast", "Unsqueeze" -> from;
          case "Split" -> split(node, from);
          case "Slice" -> slice(node, from);
          case "Gather" -> gather(node, from);
          case "Concat" -> concat(node);
          default -> null;
        };
    if (found == null) {
      return false;
    }
    if (!Nodes.is(node, "Split")) {
      columns.put(node.getOutput(0), found);
    }
    return true;
  }

  private int @Nullable [] split(NodeProto node, int[] from) {
    String sizes = Nodes.input(node, 1);
    long[] extents =
        sizes.isEmpty() ? Nodes.integers(node, "split") : Constants.longs(graph, sizes);
    if (extents == null || Nodes.integer(node, "axis", 0) != 1) {
      return null;
    }
    int next = 0;
    for (int i = 0; i < extents.length; i++) {
      int to = next + (int) extents[i];
      columns.put(node.getOutput(i), Arrays.copyOfRange(from, next, to));
      next = to;
    }
    return from;
  }

  private int @Nullable [] slice(NodeProto node, int[] from) {
    long[] starts = parameter(node, 1, "starts");
    long[] ends = parameter(node, 2, "ends");
    long[] axes = parameter(node, 3, "axes");
    if (starts == null || ends == null || axes == null || axes.length != 1 || axes[0] != 1) {
      return null;
    }
    boolean plain = starts[0] >= 0 && ends[0] > starts[0] && Nodes.input(node, 4).isEmpty();
    return plain
        ? Arrays.copyOfRange(from, (int) starts[0], (int) Math.min(ends[0], from.length))
        : null;
  }

  private long @Nullable [] parameter(NodeProto node, int input, String attribute) {
    String name = Nodes.input(node, input);
    return name.isEmpty() ? Nodes.integers(node, attribute) : Constants.longs(graph, name);
  }

  private int @Nullable [] gather(NodeProto node, int[] from) {
    long[] indices = Constants.longs(graph, Nodes.input(node, 1));
    return indices == null || Nodes.integer(node, "axis", 0) != 1
        ? null
        : Arrays.stream(indices).mapToInt(i -> from[(int) i]).toArray();
  }

  /** The mask with a column of ones behind it. */
  private int @Nullable [] concat(NodeProto node) {
    int[] from = columns.get(node.getInput(0));
    boolean withOnes = from != null && node.getInputCount() == 2 && isExpandedOne(node.getInput(1));
    if (!withOnes || from == null) {
      return null;
    }
    int[] extended = Arrays.copyOf(from, from.length + 1);
    extended[from.length] = KEPT;
    return extended;
  }

  private boolean isExpandedOne(String tensor) {
    NodeProto expand = graph.producer(tensor);
    if (expand == null || !Nodes.is(expand, "Expand")) {
      return false;
    }
    var one = Constants.resolve(graph, expand.getInput(0));
    return one != null && Arrays.equals(one.floats(), new float[] {1});
  }
}
