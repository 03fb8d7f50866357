package io.ablate.differentiate;

import ai.onnx.proto.OnnxMl.AttributeProto;
import io.ablate.onnx.GraphWriter;
import io.ablate.onnx.Nodes;
import java.util.Arrays;
import java.util.List;

/** Values put at positions of a flattened tensor. */
final class FlatScatter {
  /** The axis of a flat tensor. */
  static final AttributeProto AXIS = Nodes.attribute("axis", 0);

  private FlatScatter() {}

  /** The tensor with all axes as one. */
  static String flat(GraphWriter writer, String tensor) {
    return writer.add("Reshape", "flat", List.of(tensor, writer.integers("all", -1)));
  }

  /** {@code into} with {@code values} at the positions {@code at}; all flat. */
  static String scatter(
      GraphWriter writer, String into, String at, String values, AttributeProto... how) {
    AttributeProto[] attributes = Arrays.copyOf(how, how.length + 1);
    attributes[how.length] = AXIS;
    return writer.add("ScatterElements", "scattered", List.of(into, at, values), attributes);
  }
}
