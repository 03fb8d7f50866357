package io.ablate.differentiate;

import ai.onnx.proto.OnnxMl.NodeProto;
import java.util.List;

/** Element-wise operators as the rules write them. */
final class Elements {
  private Elements() {}

  static String one(Backward b, String operator, String input) {
    return b.writer().add(operator, "part", List.of(input));
  }

  static String two(Backward b, String operator, String left, String right) {
    return b.writer().add(operator, "part", List.of(left, right));
  }

  static String where(Backward b, String condition, String left, String right) {
    return b.writer().add("Where", "chosen", List.of(condition, left, right));
  }

  /** Hands the node's first input the gradient times a slope. */
  static void times(NodeProto node, Backward b, String slope) {
    b.add(node.getInput(0), two(b, "Mul", b.gradient(node), slope));
  }

  /** Hands the node's first input a gradient divided by a tensor. */
  static void divided(NodeProto node, Backward b, String gradient, String by) {
    b.add(node.getInput(0), two(b, "Div", gradient, by));
  }
}
