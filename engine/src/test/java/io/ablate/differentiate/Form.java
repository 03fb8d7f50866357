package io.ablate.differentiate;

import ai.onnx.proto.OnnxMl.AttributeProto;
import io.ablate.onnx.GraphBuilder;
import java.util.List;

/**
 * One use of an operator, between a masked convolution and the classifier.
 *
 * @param opset of the graph
 * @param body from the graph and the convolution's output, [N, 4, 6, 5], to any tensor whose first
 *     axis is N
 */
record Form(String operator, String what, int opset, Body body) {
  private static final int USUAL = 17;

  /** At opset 17, or where the operator is newer at its first. */
  Form(String operator, String what, Body body) {
    this(operator, what, operator.equals("Gelu") ? 20 : USUAL, body);
  }

  /** The same at another opset. */
  Form at(int version) {
    return new Form(operator, what, version, body);
  }

  /** Adds the operator under test to a graph. */
  interface Body {
    String apply(GraphBuilder b, String x);
  }

  /** The operator on x alone. */
  static Form of(String operator, String what, AttributeProto... attributes) {
    return new Form(operator, what, (b, x) -> b.node(operator, "tested", List.of(x), attributes));
  }

  /** The operator on x and a second tensor made from the graph. */
  static Form two(String operator, String what, Body other) {
    return new Form(
        operator, what, (b, x) -> b.node(operator, "tested", List.of(x, other.apply(b, x))));
  }

  @Override
  public String toString() {
    return operator + ": " + what + (opset == USUAL ? "" : ", opset " + opset);
  }
}
