package io.ablate.differentiate;

import static io.ablate.differentiate.Elements.one;
import static io.ablate.differentiate.Elements.times;
import static io.ablate.differentiate.Elements.two;
import static io.ablate.differentiate.Elements.where;

import ai.onnx.proto.OnnxMl.NodeProto;
import io.ablate.onnx.Nodes;
import java.util.Map;

/** Activations whose slope takes more than a line: PRelu, HardSwish, Gelu, Softplus, Abs. */
final class SmoothGradients {
  private SmoothGradients() {}

  static void register(Map<String, GradientRule> rules) {
    rules.put("PRelu", SmoothGradients::pRelu);
    rules.put("HardSwish", SmoothGradients::hardSwish);
    rules.put("Gelu", SmoothGradients::gelu);
    rules.put("Softplus", (node, b) -> times(node, b, one(b, "Sigmoid", node.getInput(0))));
    rules.put("Abs", (node, b) -> times(node, b, one(b, "Sign", node.getInput(0))));
  }

  private static void pRelu(NodeProto node, Backward b) {
    String x = node.getInput(0);
    String slope = node.getInput(1);
    String gradient = b.gradient(node);
    String zero = b.number(0, x);
    String positive = two(b, "Greater", x, zero);
    b.add(x, where(b, positive, gradient, two(b, "Mul", gradient, slope)));
    if (b.needs(slope)) {
      String part = where(b, positive, zero, two(b, "Mul", gradient, x));
      b.addSummed(node, slope, part, node.getOutput(0));
    }
  }

  /** 0 up to −3, 1 from 3, x/3 + ½ between. */
  private static void hardSwish(NodeProto node, Backward b) {
    String x = node.getInput(0);
    String line = two(b, "Mul", x, b.number(1 / 3f, x));
    String between = two(b, "Add", line, b.number(.5f, x));
    String above = where(b, two(b, "Less", x, b.number(3, x)), between, b.number(1, x));
    times(node, b, where(b, two(b, "Greater", x, b.number(-3, x)), above, b.number(0, x)));
  }

  /** Φ(x) + x φ(x), of the normal distribution. */
  private static void gelu(NodeProto node, Backward b) {
    String approximate = Nodes.text(node, "approximate", "none");
    if (!approximate.equals("none")) {
      throw b.unsupported(node, "approximate \"none\"", approximate);
    }
    String x = node.getInput(0);
    String erf = one(b, "Erf", two(b, "Mul", x, b.number((float) Math.sqrt(.5), x)));
    String half = b.number(.5f, x);
    String below = two(b, "Mul", two(b, "Add", erf, b.number(1, x)), half);
    String bell = one(b, "Exp", one(b, "Neg", two(b, "Mul", two(b, "Mul", x, x), half)));
    String density = two(b, "Mul", bell, b.number((float) (1 / Math.sqrt(2 * Math.PI)), x));
    times(node, b, two(b, "Add", below, two(b, "Mul", x, density)));
  }
}
