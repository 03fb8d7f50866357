package io.ablate.ort;

import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import io.ablate.onnx.ElementTypes;
import io.ablate.onnx.GraphWriter;
import io.ablate.onnx.Nodes;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Puts {@link ImageOperator}s in the place of means over positions and of maxima. */
final class ImageRules {
  private static final Set<String> OPERATORS = Set.of("GlobalAveragePool", "ReduceMean", "MaxPool");

  private final ChannelsLast layout;
  private final AxisRules axes;

  /** Of their inputs, while what computes them is still there. */
  private final Map<String, DataType> types = new HashMap<>();

  ImageRules(ChannelsLast layout, AxisRules axes) {
    this.layout = layout;
    this.axes = axes;
    ElementTypes all = new ElementTypes(layout.graph());
    for (NodeProto node : layout.graph().nodes()) {
      if (OPERATORS.contains(node.getOpType())) {
        types.put(node.getInput(0), all.of(node.getInput(0)));
      }
    }
  }

  /** As {@link ChannelsLastRules#rewrite}, for a node whose input is there with channels last. */
  boolean rewrite(NodeProto node) {
    long[] shape = layout.shapes().shape(node.getInput(0));
    DataType type = types.getOrDefault(node.getInput(0), DataType.UNDEFINED);
    if (shape == null
        || shape.length != 4
        || !layout.isTurned(node.getInput(0))
        || (type != DataType.FLOAT && type != DataType.FLOAT16)) {
      return false;
    }
    return switch (node.getOpType()) {
      case "GlobalAveragePool" -> mean(node, shape, type, true);
      case "ReduceMean" ->
          isOfPositions(axes.named(node))
              && mean(node, shape, type, Nodes.integer(node, "keepdims", 1) != 0);
      case "MaxPool" -> largest(node, type);
      default -> false;
    };
  }

  private static boolean isOfPositions(long @Nullable [] axes) {
    return axes != null
        && Arrays.equals(
            Arrays.stream(axes).map(axis -> Math.floorMod(axis, 4)).sorted().toArray(),
            new long[] {2, 3});
  }

  private boolean mean(NodeProto node, long[] shape, DataType type, boolean keeps) {
    String output = node.getOutput(0);
    String means = keeps ? layout.turn(output) : layout.graph().uniqueName(output + "_means");
    put(node, true, type, means, shape[0], 1, 1, shape[1]);
    if (!keeps) {
      layout.writer().addAs("Flatten", output, List.of(means), Nodes.attribute("axis", 1));
    }
    return true;
  }

  private boolean largest(NodeProto node, DataType type) {
    long[] to = layout.shapes().shape(node.getOutput(0));
    long[] kernel = Nodes.integers(node, "kernel_shape");
    long[] dilations = Nodes.integers(node, "dilations");
    boolean known =
        kernel != null
            && kernel.length == 2
            && to != null
            && Arrays.stream(to).skip(1).allMatch(extent -> extent > 0)
            && (dilations == null || Arrays.stream(dilations).allMatch(by -> by == 1))
            && Nodes.text(node, "auto_pad", "NOTSET").equals("NOTSET");
    if (!known || kernel == null || to == null) {
      return false;
    }
    long[] strides = Nodes.integers(node, "strides");
    long[] pads = Nodes.integers(node, "pads");
    long[] windows = {
      kernel[0],
      kernel[1],
      strides == null ? 1 : strides[0],
      strides == null ? 1 : strides[1],
      pads == null ? 0 : pads[0],
      pads == null ? 0 : pads[1],
      to[2],
      to[3]
    };
    NodeProto with =
        node.toBuilder()
            .clearAttribute()
            .addAttribute(Nodes.attribute(ImageOperator.WINDOWS, windows))
            .build();
    put(with, false, type, layout.turn(node.getOutput(0)), to[0], to[2], to[3], to[1]);
    return true;
  }

  private void put(NodeProto node, boolean mean, DataType type, String output, long... shape) {
    NodeProto.Builder image =
        NodeProto.newBuilder()
            .setOpType(new ImageOperator(mean, type == DataType.FLOAT16).label())
            .setDomain(DeviceOperator.DOMAIN)
            .addInput(layout.last(node.getInput(0)))
            .addOutput(output);
    if (!mean) {
      image.addAllAttribute(node.getAttributeList());
    }
    layout.graph().append(image.build());
    layout.graph().putValueInfo(GraphWriter.value(output, type, "", shape));
  }
}
