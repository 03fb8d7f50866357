package io.ablate.ort;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import io.ablate.onnx.Constants;
import io.ablate.onnx.Nodes;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Operators that name axes of an image, with channels last. */
final class AxisRules {
  /** Where an axis of an image with channels second is with channels last. */
  private static final long[] PLACE = {0, 3, 1, 2};

  private static final Set<String> REDUCING =
      Set.of("ReduceMax", "ReduceMean", "ReduceMin", "ReduceSum");

  private static final Set<String> FLATTENING = Set.of("Flatten", "Reshape", "Squeeze");

  private final ChannelsLast layout;

  AxisRules(ChannelsLast layout) {
    this.layout = layout;
  }

  /** As {@link ChannelsLastRules#rewrite}, for a node of which an input is there in this layout. */
  boolean rewrite(NodeProto node) {
    String operator = node.getOpType();
    return switch (operator) {
      case "GlobalAveragePool" -> global(node, "ReduceMean");
      case "GlobalMaxPool" -> global(node, "ReduceMax");
      case "Concat" -> concat(node);
      default ->
          REDUCING.contains(operator)
              ? reduce(node)
              : FLATTENING.contains(operator) && flatten(node);
    };
  }

  /** Those of a model's own that lead from one layout to the other are left out. */
  boolean transpose(NodeProto node) {
    long[] perm = Nodes.integers(node, "perm");
    String x = node.getInput(0);
    if (Arrays.equals(perm, ChannelsLast.BACK) && !layout.isTurned(x)) {
      layout.turn(node.getOutput(0), x);
      return true;
    }
    String last = layout.isTurned(x) ? layout.last(x) : null;
    if (last == null || !Arrays.equals(perm, ChannelsLast.THERE)) {
      return false;
    }
    layout.append(
        ChannelsLast.renamed(node, "Identity", ""), node.getOutput(0), List.of(last), List.of());
    return true;
  }

  private boolean global(NodeProto node, String reduction) {
    String x = layout.last(node.getInput(0));
    if (x == null) {
      return false;
    }
    String last = layout.turn(node.getOutput(0));
    layout.writer().reduceAs(reduction, last, x, true, 1, 2);
    return true;
  }

  private boolean reduce(NodeProto node) {
    long[] axes = named(node);
    String x = layout.last(node.getInput(0));
    if (axes == null || axes.length == 0 || x == null) {
      return false;
    }
    long[] there = Arrays.stream(axes).map(axis -> PLACE[Math.floorMod(axis, 4)]).toArray();
    boolean keeps = Nodes.integer(node, "keepdims", 1) != 0;
    long[] sorted = Arrays.stream(there).sorted().toArray();
    boolean ofPositions = Arrays.equals(sorted, new long[] {1, 2});
    if (!keeps && !ofPositions) {
      return false; // what is left would be in another order
    }
    String output = keeps ? layout.turn(node.getOutput(0)) : node.getOutput(0);
    layout.writer().reduceAs(node.getOpType(), output, x, keeps, sorted);
    return true;
  }

  private boolean concat(NodeProto node) {
    long axis = Math.floorMod(Nodes.integer(node, "axis", 0), 4);
    List<AttributeProto> attributes = List.of(Nodes.attribute("axis", PLACE[(int) axis]));
    List<String> inputs = new ArrayList<>();
    for (String input : node.getInputList()) {
      String last = layout.last(input);
      if (last == null) {
        return false;
      }
      inputs.add(last);
    }
    layout.append(node, layout.turn(node.getOutput(0)), inputs, attributes);
    return true;
  }

  /** Where there is one position only, channels lie the same way in both layouts. */
  private boolean flatten(NodeProto node) {
    String x = node.getInput(0);
    long[] shape = layout.shapes().shape(x);
    String last = layout.last(x);
    if (shape == null || last == null || shape[2] != 1 || shape[3] != 1) {
      return false;
    }
    boolean toRows =
        switch (node.getOpType()) {
          case "Flatten" -> Nodes.integer(node, "axis", 1) == 1;
          case "Squeeze" -> Arrays.equals(named(node), new long[] {2, 3});
          default -> {
            long[] target = Constants.longs(layout.graph(), Nodes.input(node, 1));
            yield target != null && target.length == 2 && target[1] != 0;
          }
        };
    if (!toRows) {
      return false;
    }
    layout.append(
        ChannelsLast.renamed(node, "Flatten", ""),
        node.getOutput(0),
        List.of(last),
        List.of(Nodes.attribute("axis", 1)));
    return true;
  }

  /** The axes that a node names, by an attribute or an input; null where that is not known. */
  long @Nullable [] named(NodeProto node) {
    long[] axes = Nodes.integers(node, "axes");
    return axes != null ? axes : Constants.longs(layout.graph(), Nodes.input(node, 1));
  }
}
