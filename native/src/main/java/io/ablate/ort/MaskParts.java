package io.ablate.ort;

import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import io.ablate.onnx.Constants;
import io.ablate.onnx.ElementTypes;
import io.ablate.onnx.GraphWriter;
import io.ablate.onnx.Nodes;
import io.ablate.onnx.OnnxGraph;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Finds, behind the nodes that bring the mask into the shapes of layers, which columns of it they
 * take.
 */
final class MaskParts {
  /** What makes other columns of a mask than a run of them. */
  private static final Set<String> CHOOSING = Set.of("Gather", "Expand", "Concat");

  /** Since then Slice has its bounds as inputs. */
  private static final int SLICE_BY_INPUTS = 10;

  private final GraphWriter writer;
  private final OnnxGraph graph;
  private final String mask;
  private final Map<String, String> casts = new HashMap<>();

  /**
   * @param mask name of the mask input
   */
  MaskParts(GraphWriter writer, String mask) {
    this.writer = writer;
    this.graph = writer.graph();
    this.mask = mask;
  }

  /**
   * The mask of one layer.
   *
   * @param source a tensor [rows, columns]
   * @param first the column of channel 0; the others follow
   * @param axes that are put in to bring it into the layer's shape
   */
  record Part(String source, long first, long[] axes) {
    /** The axis of channels in a layer's output of so many axes; −1 if there is none for all. */
    int channelAxis(int rank) {
      if (axes.length != rank - 2) {
        return -1;
      }
      int channels = axes.length > 0 && axes[0] == 1 ? rank - 1 : 1;
      for (int i = 0; i < axes.length; i++) {
        if (axes[i] != i + (channels == 1 ? 2 : 1)) {
          return -1;
        }
      }
      return channels;
    }
  }

  /** The mask that a node multiplies by; null if it is no such node. */
  @Nullable Part of(NodeProto node) {
    if (!Nodes.is(node, "Mul") || node.getInputCount() != 2) {
      return null;
    }
    String from = node.getInput(1);
    NodeProto shaped = graph.producer(from);
    long[] axes = {};
    if (shaped != null && Nodes.is(shaped, "Unsqueeze")) {
      axes = Nodes.integers(shaped, "axes");
      if (axes == null) {
        axes = Constants.longs(graph, Nodes.input(shaped, 1));
      }
      from = shaped.getInput(0);
    }
    return axes != null && leadsToMask(from) ? columns(from, axes) : null;
  }

  private boolean leadsToMask(String tensor) {
    NodeProto node = graph.producer(tensor);
    if (node == null) {
      return tensor.equals(mask);
    }
    String operator = node.getOpType();
    return (CHOOSING.contains(operator)
            || operator.equals("Split")
            || operator.equals("Slice")
            || operator.equals("Cast"))
        && leadsToMask(node.getInput(0));
  }

  private Part columns(String tensor, long[] axes) {
    String from = tensor;
    NodeProto node = graph.producer(from);
    while (node != null && Nodes.is(node, "Cast")) {
      from = node.getInput(0);
      node = graph.producer(from);
    }
    if (node != null && isRoot(node.getInput(0))) {
      Long first =
          Nodes.is(node, "Split")
              ? splitFirst(node, from)
              : Nodes.is(node, "Slice") ? sliceFirst(node) : null;
      if (first != null) {
        return new Part(node.getInput(0), first, axes);
      }
    }
    return new Part(from, 0, axes);
  }

  /** Whether a tensor is the mask, or that in another type. */
  private boolean isRoot(String tensor) {
    NodeProto node = graph.producer(tensor);
    return node == null ? tensor.equals(mask) : Nodes.is(node, "Cast") && isRoot(node.getInput(0));
  }

  private @Nullable Long splitFirst(NodeProto split, String output) {
    long[] extents = extents(split);
    if (extents == null || Nodes.integer(split, "axis", 0) != 1) {
      return null;
    }
    long first = 0;
    for (int i = 0; !split.getOutput(i).equals(output); i++) {
      first += extents[i];
    }
    return first;
  }

  private long @Nullable [] extents(NodeProto split) {
    long[] extents = Nodes.integers(split, "split");
    return extents != null ? extents : Constants.longs(graph, Nodes.input(split, 1));
  }

  private @Nullable Long sliceFirst(NodeProto slice) {
    long[] starts = Constants.longs(graph, Nodes.input(slice, 1));
    long[] axes = Constants.longs(graph, Nodes.input(slice, 3));
    if (starts == null || axes == null || !Nodes.input(slice, 4).isEmpty()) {
      return null;
    }
    boolean columns = starts.length == 1 && axes.length == 1 && axes[0] == 1 && starts[0] >= 0;
    return columns ? starts[0] : null;
  }

  /** The tensor that has a part's columns, in a type. */
  String whole(Part part, DataType type) {
    String source = part.source();
    NodeProto node = graph.producer(source);
    DataType found = node == null ? DataType.FLOAT : new ElementTypes(graph).of(source);
    return found == type
        ? source
        : casts.computeIfAbsent(source + " " + type, key -> writer.cast(source, type));
  }

  /**
   * What still takes columns from the mask, takes them alone: CUDA's Split copies its extents at
   * every run, which cannot be recorded.
   */
  void cutWhatIsLeft() {
    for (NodeProto node : graph.nodes()) {
      if (Nodes.is(node, "Split") && isRoot(node.getInput(0))) {
        cut(node);
      }
    }
  }

  private void cut(NodeProto split) {
    long[] extents = extents(split);
    if (extents == null || graph.opset() < SLICE_BY_INPUTS) {
      return;
    }
    graph.replace(split);
    long next = 0;
    for (int i = 0; i < extents.length; i++) {
      String output = split.getOutput(i);
      if (!graph.consumers(output).isEmpty()) {
        graph.append(
            Nodes.node(
                "Slice",
                output,
                List.of(
                    split.getInput(0),
                    writer.integers("starts", next),
                    writer.integers("ends", next + extents[i]),
                    writer.integers("axes", 1))));
      }
      next += extents[i];
    }
  }
}
