package io.ablate.onnx;

import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import ai.onnx.proto.OnnxMl.ValueInfoProto;
import java.util.HashSet;
import java.util.Set;

/** Element types of tensors, from what the file states and from the operators that make them. */
public final class ElementTypes {
  private final OnnxGraph graph;

  public ElementTypes(OnnxGraph graph) {
    this.graph = graph;
  }

  /** The type of a floating-point layer's tensor; float32 where nothing tells. */
  public DataType of(String tensor) {
    Set<String> seen = new HashSet<>();
    String name = tensor;
    while (seen.add(name)) {
      ValueInfoProto info = graph.valueInfo(name);
      TensorProto constant = Constants.tensor(graph, name);
      int stated =
          constant != null
              ? constant.getDataType()
              : info == null ? 0 : info.getType().getTensorType().getElemType();
      if (stated != 0) {
        return type(stated);
      }
      NodeProto node = graph.producer(name);
      if (node == null) {
        break;
      }
      if (Nodes.is(node, "Cast")) {
        return type((int) Nodes.integer(node, "to", DataType.FLOAT_VALUE));
      }
      // The scale of a DequantizeLinear and the second operand of a Where have the result's type.
      boolean second = Nodes.is(node, "DequantizeLinear") || Nodes.is(node, "Where");
      name = Nodes.input(node, second ? 1 : 0);
    }
    return DataType.FLOAT;
  }

  private static DataType type(int number) {
    DataType type = DataType.forNumber(number);
    return type == null ? DataType.FLOAT : type;
  }

  /** Whether tensors of this type hold fractions. */
  public static boolean isFloat(DataType type) {
    return switch (type) {
      case FLOAT, FLOAT16, BFLOAT16, DOUBLE -> true;
      default -> false;
    };
  }
}
