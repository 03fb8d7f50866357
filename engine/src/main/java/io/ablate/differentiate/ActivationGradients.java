package io.ablate.differentiate;

import static io.ablate.differentiate.Elements.divided;
import static io.ablate.differentiate.Elements.one;
import static io.ablate.differentiate.Elements.times;
import static io.ablate.differentiate.Elements.two;
import static io.ablate.differentiate.Elements.where;

import ai.onnx.proto.OnnxMl.NodeProto;
import io.ablate.onnx.GraphWriter;
import io.ablate.onnx.Nodes;
import java.util.List;
import java.util.Map;

/** Element-wise operators of one operand: the gradient times the slope. */
final class ActivationGradients {
  private static final float TWO_BY_ROOT_PI = (float) (2 / Math.sqrt(Math.PI));

  private ActivationGradients() {}

  static void register(Map<String, GradientRule> rules) {
    rules.put("Relu", ActivationGradients::relu);
    rules.put("LeakyRelu", ActivationGradients::leakyRelu);
    rules.put("Clip", ActivationGradients::clip);
    rules.put("Identity", (node, b) -> b.add(node.getInput(0), b.gradient(node)));
    rules.put("Dropout", (node, b) -> b.add(node.getInput(0), b.gradient(node)));
    rules.put("Neg", (node, b) -> b.add(node.getInput(0), one(b, "Neg", b.gradient(node))));
    rules.put("Exp", (node, b) -> times(node, b, node.getOutput(0)));
    rules.put("Log", (node, b) -> divided(node, b, b.gradient(node), node.getInput(0)));
    rules.put("Sigmoid", ActivationGradients::sigmoid);
    rules.put("HardSigmoid", ActivationGradients::hardSigmoid);
    rules.put("Tanh", ActivationGradients::tanh);
    rules.put("Sqrt", ActivationGradients::sqrt);
    rules.put("Erf", ActivationGradients::erf);
    rules.put("Cast", ActivationGradients::cast);
  }

  /** Passes the gradient where the output is positive. */
  private static void relu(NodeProto node, Backward b) {
    String zero = b.number(0, node.getOutput(0));
    String positive = two(b, "Greater", node.getOutput(0), zero);
    GraphWriter writer = b.writer();
    b.add(
        node.getInput(0),
        writer.add("Where", "relu_gradient", List.of(positive, b.gradient(node), zero)));
  }

  private static void leakyRelu(NodeProto node, Backward b) {
    String zero = b.number(0, node.getInput(0));
    String positive = two(b, "Greater", node.getInput(0), zero);
    String alpha = b.number(Nodes.number(node, "alpha", 0.01f), node.getInput(0));
    String gradient = b.gradient(node);
    String less = two(b, "Mul", gradient, alpha);
    b.add(
        node.getInput(0),
        b.writer().add("Where", "leaky_gradient", List.of(positive, gradient, less)));
  }

  /** Passes the gradient from the lower to the upper bound, where there is one. */
  private static void clip(NodeProto node, Backward b) {
    String x = node.getInput(0);
    String gradient = b.gradient(node);
    String zero = b.number(0, x);
    String low = Nodes.input(node, 1);
    String high = Nodes.input(node, 2);
    if (b.needs(low) || b.needs(high)) {
      throw b.unsupported(node, "bounds without a mask", "ones it reaches");
    }
    if (!low.isEmpty()) {
      gradient = where(b, two(b, "Less", x, low), zero, gradient);
    }
    if (!high.isEmpty()) {
      gradient = where(b, two(b, "Greater", x, high), zero, gradient);
    }
    b.add(x, gradient);
  }

  /** y(1 − y). */
  private static void sigmoid(NodeProto node, Backward b) {
    String y = node.getOutput(0);
    times(node, b, two(b, "Mul", y, two(b, "Sub", b.number(1, y), y)));
  }

  /** α where the output is between its ends, 0 and 1. */
  private static void hardSigmoid(NodeProto node, Backward b) {
    String y = node.getOutput(0);
    String zero = b.number(0, y);
    String inside = two(b, "And", two(b, "Greater", y, zero), two(b, "Less", y, b.number(1, y)));
    String alpha = b.number(Nodes.number(node, "alpha", .2f), y);
    times(node, b, where(b, inside, alpha, zero));
  }

  /** 1 − y². */
  private static void tanh(NodeProto node, Backward b) {
    String y = node.getOutput(0);
    times(node, b, two(b, "Sub", b.number(1, y), two(b, "Mul", y, y)));
  }

  /** 1/(2y). */
  private static void sqrt(NodeProto node, Backward b) {
    String y = node.getOutput(0);
    divided(node, b, two(b, "Mul", b.gradient(node), b.number(0.5f, y)), y);
  }

  /** 2/√π · exp(−x²). */
  private static void erf(NodeProto node, Backward b) {
    String x = node.getInput(0);
    String bell = one(b, "Exp", one(b, "Neg", two(b, "Mul", x, x)));
    times(node, b, two(b, "Mul", bell, b.number(TWO_BY_ROOT_PI, x)));
  }

  private static void cast(NodeProto node, Backward b) {
    b.add(node.getInput(0), b.writer().cast(b.gradient(node), b.type(node.getInput(0))));
  }
}
