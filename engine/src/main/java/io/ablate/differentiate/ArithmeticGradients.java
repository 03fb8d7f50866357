package io.ablate.differentiate;

import static io.ablate.differentiate.Elements.one;
import static io.ablate.differentiate.Elements.two;

import ai.onnx.proto.OnnxMl.NodeProto;
import io.ablate.onnx.GraphWriter;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Element-wise operators of several operands, which broadcast. */
final class ArithmeticGradients {
  private ArithmeticGradients() {}

  static void register(Map<String, GradientRule> rules) {
    rules.put("Add", (node, backward) -> sum(node, backward, 1));
    rules.put("Sum", (node, backward) -> sum(node, backward, 1));
    rules.put("Mean", (node, backward) -> sum(node, backward, 1f / node.getInputCount()));
    rules.put("Sub", ArithmeticGradients::sub);
    rules.put("Mul", ArithmeticGradients::mul);
    rules.put("Div", ArithmeticGradients::div);
    rules.put("Pow", ArithmeticGradients::pow);
    rules.put("Where", ArithmeticGradients::where);
    rules.put("Max", (node, backward) -> extreme(node, backward, "Greater"));
    rules.put("Min", (node, backward) -> extreme(node, backward, "Less"));
  }

  private static void sum(NodeProto node, Backward backward, float share) {
    String gradient = backward.gradient(node);
    if (share != 1) {
      String number = backward.number(share, node.getOutput(0));
      gradient = backward.writer().add("Mul", "share", List.of(gradient, number));
    }
    for (String input : node.getInputList()) {
      backward.addSummed(node, input, gradient, node.getOutput(0));
    }
  }

  private static void sub(NodeProto node, Backward backward) {
    String gradient = backward.gradient(node);
    backward.addSummed(node, node.getInput(0), gradient, node.getOutput(0));
    if (backward.needs(node.getInput(1))) {
      String negative = backward.writer().add("Neg", "negative", List.of(gradient));
      backward.addSummed(node, node.getInput(1), negative, node.getOutput(0));
    }
  }

  private static void mul(NodeProto node, Backward backward) {
    String gradient = backward.gradient(node);
    for (int i = 0; i < 2; i++) {
      String input = node.getInput(i);
      if (backward.needs(input)) {
        String by = node.getInput(1 - i);
        String product = backward.writer().add("Mul", input + "_part", List.of(gradient, by));
        backward.addSummed(node, input, product, node.getOutput(0));
      }
    }
  }

  /** ∂(a/b) = ∂a/b − (a/b)·∂b/b. */
  private static void div(NodeProto node, Backward backward) {
    GraphWriter writer = backward.writer();
    String divisor = node.getInput(1);
    String quotient =
        writer.add("Div", "quotient_gradient", List.of(backward.gradient(node), divisor));
    backward.addSummed(node, node.getInput(0), quotient, node.getOutput(0));
    if (backward.needs(divisor)) {
      String product = writer.add("Mul", "divisor_gradient", List.of(quotient, node.getOutput(0)));
      String negative = writer.add("Neg", "divisor_gradient", List.of(product));
      backward.addSummed(node, divisor, negative, node.getOutput(0));
    }
  }

  /** ∂(aᵇ) = b·aᵇ⁻¹·∂a + aᵇ·ln a·∂b. */
  private static void pow(NodeProto node, Backward backward) {
    GraphWriter writer = backward.writer();
    String gradient = backward.gradient(node);
    String base = node.getInput(0);
    String exponent = node.getInput(1);
    if (backward.needs(base)) {
      String one = backward.number(1, exponent);
      String less = writer.add("Sub", "exponent_less_one", List.of(exponent, one));
      String power = writer.add("Pow", "lower_power", List.of(base, less));
      String typed = writer.add("Mul", "power_part", List.of(gradient, power));
      String factor = writer.cast(exponent, backward.type(base));
      String slope = writer.add("Mul", "power_gradient", List.of(typed, factor));
      backward.addSummed(node, base, slope, node.getOutput(0));
    }
    if (backward.needs(exponent)) {
      String log = writer.add("Log", "log_base", List.of(base));
      String slope = writer.add("Mul", "exponent_slope", List.of(node.getOutput(0), log));
      String product = writer.add("Mul", "exponent_gradient", List.of(gradient, slope));
      backward.addSummed(node, exponent, product, node.getOutput(0));
    }
  }

  private static void where(NodeProto node, Backward backward) {
    GraphWriter writer = backward.writer();
    String gradient = backward.gradient(node);
    String zero = backward.number(0, node.getOutput(0));
    String condition = node.getInput(0);
    if (backward.needs(node.getInput(1))) {
      String chosen = writer.add("Where", "where_true", List.of(condition, gradient, zero));
      backward.addSummed(node, node.getInput(1), chosen, node.getOutput(0));
    }
    if (backward.needs(node.getInput(2))) {
      String chosen = writer.add("Where", "where_false", List.of(condition, zero, gradient));
      backward.addSummed(node, node.getInput(2), chosen, node.getOutput(0));
    }
  }

  /** To the operand that is the extreme, the first of several. */
  private static void extreme(NodeProto node, Backward backward, String operator) {
    GraphWriter writer = backward.writer();
    String gradient = backward.gradient(node);
    String zero = backward.number(0, node.getOutput(0));
    for (int i = 0; i < node.getInputCount(); i++) {
      String input = node.getInput(i);
      if (backward.needs(input)) {
        String is = isExtreme(node, backward, i, operator);
        String part =
            is == null
                ? gradient
                : writer.add("Where", "extreme_part", List.of(is, gradient, zero));
        backward.addSummed(node, input, part, node.getOutput(0));
      }
    }
  }

  /**
   * Where an operand is before all others. It is compared with them and not with the output, which
   * runtimes may hold in another precision.
   */
  private static @Nullable String isExtreme(
      NodeProto node, Backward backward, int operand, String operator) {
    String input = node.getInput(operand);
    String is = null;
    for (int i = 0; i < node.getInputCount(); i++) {
      if (i == operand) {
        continue;
      }
      String other = node.getInput(i);
      String before =
          i < operand
              ? two(backward, operator, input, other)
              : one(backward, "Not", two(backward, operator, other, input));
      is = is == null ? before : two(backward, "And", is, before);
    }
    return is;
  }
}
