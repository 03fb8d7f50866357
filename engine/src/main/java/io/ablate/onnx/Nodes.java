package io.ablate.onnx;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.AttributeProto.AttributeType;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import com.google.protobuf.ByteString;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Nodes and their attributes, made and read. */
public final class Nodes {
  private Nodes() {}

  /**
   * A node of the default domain with one output, and without a name: ONNX Runtime refuses two
   * nodes of the same name, but none is needed.
   */
  public static NodeProto node(
      String operator, String output, List<String> inputs, AttributeProto... attributes) {
    return NodeProto.newBuilder()
        .setOpType(operator)
        .addAllInput(inputs)
        .addOutput(output)
        .addAllAttribute(Arrays.asList(attributes))
        .build();
  }

  public static AttributeProto attribute(String name, long value) {
    return attribute(name, AttributeType.INT).setI(value).build();
  }

  public static AttributeProto attribute(String name, float value) {
    return attribute(name, AttributeType.FLOAT).setF(value).build();
  }

  public static AttributeProto attribute(String name, String value) {
    return attribute(name, AttributeType.STRING).setS(ByteString.copyFromUtf8(value)).build();
  }

  public static AttributeProto attribute(String name, long[] values) {
    AttributeProto.Builder attribute = attribute(name, AttributeType.INTS);
    for (long value : values) {
      attribute.addInts(value);
    }
    return attribute.build();
  }

  public static AttributeProto attribute(String name, TensorProto value) {
    return attribute(name, AttributeType.TENSOR).setT(value).build();
  }

  private static AttributeProto.Builder attribute(String name, AttributeType type) {
    return AttributeProto.newBuilder().setName(name).setType(type);
  }

  /** Whether the node is of this operator in the default domain. */
  public static boolean is(NodeProto node, String operator) {
    return node.getOpType().equals(operator) && OnnxModel.isDefaultDomain(node.getDomain());
  }

  /** The attribute of this name; null if the node has none. */
  public static @Nullable AttributeProto attribute(NodeProto node, String name) {
    for (AttributeProto attribute : node.getAttributeList()) {
      if (attribute.getName().equals(name)) {
        return attribute;
      }
    }
    return null;
  }

  public static long integer(NodeProto node, String name, long otherwise) {
    AttributeProto attribute = attribute(node, name);
    return attribute == null ? otherwise : attribute.getI();
  }

  public static float number(NodeProto node, String name, float otherwise) {
    AttributeProto attribute = attribute(node, name);
    return attribute == null ? otherwise : attribute.getF();
  }

  public static String text(NodeProto node, String name, String otherwise) {
    AttributeProto attribute = attribute(node, name);
    return attribute == null ? otherwise : attribute.getS().toStringUtf8();
  }

  /** A list of integers; null if the node has no such attribute. */
  public static long @Nullable [] integers(NodeProto node, String name) {
    AttributeProto attribute = attribute(node, name);
    return attribute == null
        ? null
        : attribute.getIntsList().stream().mapToLong(Long::longValue).toArray();
  }

  /** Such an attribute of {@code length} integers; all {@code otherwise} where it is no such. */
  public static long[] integers(NodeProto node, String name, int length, long otherwise) {
    long[] values = integers(node, name);
    if (values != null && values.length == length) {
      return values;
    }
    long[] result = new long[length];
    Arrays.fill(result, otherwise);
    return result;
  }

  /** The input at this position; the empty string if it is left out. */
  public static String input(NodeProto node, int position) {
    return position < node.getInputCount() ? node.getInput(position) : "";
  }
}
