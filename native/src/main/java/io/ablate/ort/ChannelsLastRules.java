package io.ablate.ort;

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

  private final ChannelsLast layout;
  private final AxisRules axes;
  private final @Nullable ImageRules images;
  private final Map<String, String> weights = new HashMap<>();

  /**
   * @param own whether there are {@link ImageOperator}s
   */
  ChannelsLastRules(ChannelsLast layout, boolean own) {
    this.layout = layout;
    this.axes = new AxisRules(layout);
    this.images = own ? new ImageRules(layout, axes) : null;
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
    if (!OnnxModel.isDefaultDomain(node.getDomain()) || node.getOutputCount() != 1) {
      return false;
    }
    if (Nodes.is(node, "Transpose")) {
      return axes.transpose(node);
    }
    if (node.getInputList().stream().noneMatch(layout::isTurned)) {
      return false;
    }
    if (images != null && images.rewrite(node)) {
      return true;
    }
    String operator = node.getOpType();
    if (BY_ELEMENT.contains(operator) && layout.isTurned(node.getInput(0))) {
      return follow(node, operands(node, 1));
    }
    return BROADCASTING.contains(operator)
        ? follow(node, operands(node, node.getInputCount()))
        : axes.rewrite(node);
  }

  private boolean convolution(NodeProto node) {
    String x = layout.last(node.getInput(0));
    String weight =
        weights.computeIfAbsent(
            node.getInput(1), name -> Objects.requireNonNull(layout.constant(name)));
    List<String> inputs = new ArrayList<>(node.getInputList());
    inputs.set(1, weight);
    return x != null
        && follow(ChannelsLast.renamed(node, "NhwcConv", ChannelsLast.DOMAIN), first(x, inputs));
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
    return follow(ChannelsLast.renamed(node, label, MaskedOperator.DOMAIN), first(x, inputs));
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
        && Arrays.equals(axes.named(node), new long[] {2, 3})) {
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
    layout.append(node, layout.turn(node.getOutput(0)), inputs, node.getAttributeList());
    return true;
  }

  private static List<String> first(String x, List<String> inputs) {
    inputs.set(0, x);
    return inputs;
  }
}
