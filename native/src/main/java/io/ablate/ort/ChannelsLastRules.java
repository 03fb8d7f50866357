package io.ablate.ort;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import io.ablate.onnx.Constants;
import io.ablate.onnx.Nodes;
import io.ablate.onnx.OnnxModel;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The operators that take images with channels last, and what becomes of their operands. */
final class ChannelsLastRules {
  /** Where an axis of an image with channels second is with channels last. */
  private static final long[] PLACE = {0, 3, 1, 2};

  /** Of each element by itself; further inputs are scalars. */
  private static final Set<String> BY_ELEMENT =
      Set.of(
          "Abs",
          "Cast",
          "Celu",
          "Clip",
          "Dropout",
          "Elu",
          "Erf",
          "Exp",
          "Gelu",
          "HardSigmoid",
          "HardSwish",
          "Identity",
          "LeakyRelu",
          "Log",
          "Mish",
          "Neg",
          "Relu",
          "Round",
          "Selu",
          "Sigmoid",
          "Softplus",
          "Sqrt",
          "Tanh",
          "ThresholdedRelu");

  /** Of elements that broadcasting brings together. */
  private static final Set<String> BROADCASTING =
      Set.of("Add", "Div", "Max", "Mean", "Min", "Mul", "PRelu", "Pow", "Sub", "Sum");

  private static final Set<String> REDUCING =
      Set.of("ReduceMax", "ReduceMean", "ReduceMin", "ReduceSum");

  private static final Set<String> FLATTENING = Set.of("Flatten", "Reshape", "Squeeze");

  private final ChannelsLast layout;
  private final @Nullable ImageRules images;
  private final Map<String, String> weights = new HashMap<>();

  /**
   * @param own whether there are {@link ImageOperator}s
   */
  ChannelsLastRules(ChannelsLast layout, boolean own) {
    this.layout = layout;
    this.images = own ? new ImageRules(layout) : null;
  }

  /** Whether a node is a convolution over images by a stored weight, which alone has a kernel. */
  boolean isConvolution(NodeProto node) {
    var weight = Nodes.is(node, "Conv") ? Constants.tensor(layout.graph(), node.getInput(1)) : null;
    return weight != null
        && weight.getDimsCount() == 4
        && (weight.getDataType() == DataType.FLOAT_VALUE
            || weight.getDataType() == DataType.FLOAT16_VALUE);
  }

  /**
   * Puts what computes a node's output with channels last into the graph, of which the node is no
   * part at the moment.
   *
   * @return false if there is no such form
   */
  boolean rewrite(NodeProto node) {
    if (isConvolution(node)) {
      return convolution(node);
    }
    MaskedOperator masked = MaskedOperator.of(node);
    if (masked != null) {
      return masked(node, masked);
    }
    String operator = node.getOpType();
    if (!OnnxModel.isDefaultDomain(node.getDomain()) || node.getOutputCount() != 1) {
      return false;
    }
    if (operator.equals("Transpose")) {
      return transpose(node);
    }
    if (node.getInputList().stream().noneMatch(layout::isTurned)) {
      return false;
    }
    if (images != null && images.rewrite(node)) {
      return true;
    }
    return switch (operator) {
      case "GlobalAveragePool" -> global(node, "ReduceMean");
      case "GlobalMaxPool" -> global(node, "ReduceMax");
      case "Concat" -> concat(node);
      default ->
          BY_ELEMENT.contains(operator) && layout.isTurned(node.getInput(0))
              ? follow(node, operands(node, 1))
              : BROADCASTING.contains(operator)
                  ? follow(node, operands(node, node.getInputCount()))
                  : REDUCING.contains(operator)
                      ? reduce(node)
                      : FLATTENING.contains(operator) && flatten(node);
    };
  }

  private boolean convolution(NodeProto node) {
    String x = layout.last(node.getInput(0));
    String weight =
        weights.computeIfAbsent(
            node.getInput(1), name -> Objects.requireNonNull(layout.constant(name)));
    List<String> inputs = new ArrayList<>(node.getInputList());
    inputs.set(1, weight);
    return x != null && follow(replaced(node, "NhwcConv", ChannelsLast.DOMAIN), first(x, inputs));
  }

  private boolean masked(NodeProto node, MaskedOperator operator) {
    List<String> inputs = new ArrayList<>(node.getInputList());
    if (operator.channelsLast() || !layout.isTurned(inputs.getFirst())) {
      return false;
    }
    int last = inputs.size() - 1;
    String residual = operator.residual() ? layout.last(inputs.get(last)) : "";
    String x = layout.last(inputs.getFirst());
    if (residual == null || x == null) {
      return false;
    }
    if (operator.residual()) {
      inputs.set(last, residual);
    }
    String label = operator.withChannelsLast().label();
    return follow(replaced(node, label, MaskedOperator.DOMAIN), first(x, inputs));
  }

  /** Those of a model's own that lead from one layout to the other are left out. */
  private boolean transpose(NodeProto node) {
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
    put(replaced(node, "Identity", ""), node.getOutput(0), List.of(last), List.of());
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
    long[] axes = axes(node);
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
    put(node, layout.turn(node.getOutput(0)), inputs, attributes);
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
          case "Squeeze" -> Arrays.equals(axes(node), new long[] {2, 3});
          default -> {
            long[] target = Constants.longs(layout.graph(), Nodes.input(node, 1));
            yield target != null && target.length == 2 && target[1] != 0;
          }
        };
    if (!toRows) {
      return false;
    }
    put(
        replaced(node, "Flatten", ""),
        node.getOutput(0),
        List.of(last),
        List.of(Nodes.attribute("axis", 1)));
    return true;
  }

  private long @Nullable [] axes(NodeProto node) {
    return axes(layout, node);
  }

  static long @Nullable [] axes(ChannelsLast layout, NodeProto node) {
    long[] axes = Nodes.integers(node, "axes");
    return axes != null ? axes : Constants.longs(layout.graph(), Nodes.input(node, 1));
  }

  /** The first operands with channels last, the others as they are; null where one has no form. */
  private @Nullable List<String> operands(NodeProto node, int count) {
    List<String> inputs = new ArrayList<>(node.getInputList());
    for (int i = 0; i < Math.min(count, inputs.size()); i++) {
      String operand = operand(inputs.get(i));
      if (operand == null) {
        return null;
      }
      inputs.set(i, operand);
    }
    return inputs;
  }

  private @Nullable String operand(String tensor) {
    long[] shape = layout.shapes().shape(tensor);
    if (layout.isTurned(tensor)) {
      return layout.last(tensor);
    }
    if (shape != null && shape.length <= 4 && Arrays.stream(shape).allMatch(e -> e == 1)) {
      return tensor;
    }
    NodeProto node = layout.graph().producer(tensor);
    if (node != null
        && Nodes.is(node, "Unsqueeze")
        && layout.shapes().rank(node.getInput(0)) == 2
        && Arrays.equals(axes(node), new long[] {2, 3})) {
      return layout.writer().unsqueeze(node.getInput(0), 1, 2); // a mask
    }
    String constant = layout.constant(tensor);
    return constant == null ? layout.last(tensor) : constant;
  }

  /** The same operator on other operands, its output with channels last. */
  private boolean follow(NodeProto node, @Nullable List<String> inputs) {
    if (inputs == null) {
      return false;
    }
    put(node, layout.turn(node.getOutput(0)), inputs, node.getAttributeList());
    return true;
  }

  private static List<String> first(String x, List<String> inputs) {
    inputs.set(0, x);
    return inputs;
  }

  private static NodeProto replaced(NodeProto node, String operator, String domain) {
    return node.toBuilder().setOpType(operator).setDomain(domain).build();
  }

  private void put(
      NodeProto node, String output, List<String> inputs, List<AttributeProto> attributes) {
    layout
        .graph()
        .append(
            node.toBuilder()
                .clearInput()
                .clearOutput()
                .clearAttribute()
                .addAllInput(inputs)
                .addOutput(output)
                .addAllAttribute(attributes)
                .build());
  }
}
