package io.ablate.onnx;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.onnx.proto.OnnxMl.TensorProto;
import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import com.google.protobuf.ByteString;
import io.ablate.base.BadInputException;
import io.ablate.onnx.TestRuntime.Feed;
import java.util.List;
import java.util.Map;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;

class ConstantsTest {
  /** What ONNX Runtime computes for a tensor must be what is resolved, bit for bit or nearly. */
  private static Constant assertAgreesWithRuntime(GraphBuilder b, String tensor, long... dims) {
    b.node("Add", "y", List.of(tensor, b.input("x", 1)));
    OnnxModel model = b.output("y", dims).model();
    float[] expected = TestRuntime.run(model, Map.of("x", new Feed(new float[] {0}, 1)));
    Constant constant = requireNonNull(Constants.resolve(model.graph(), tensor));
    assertThat(constant.dims()).isEqualTo(dims);
    assertThat(constant.floats()).containsExactly(expected, Offset.offset(1e-6f));
    return constant;
  }

  private static TensorProto int8(String name, int[] values, long... dims) {
    byte[] bytes = new byte[values.length];
    for (int i = 0; i < bytes.length; i++) {
      bytes[i] = (byte) values[i];
    }
    TensorProto.Builder tensor = TensorProto.newBuilder().setName(name);
    for (long dim : dims) {
      tensor.addDims(dim);
    }
    return tensor.setDataType(DataType.INT8_VALUE).setRawData(ByteString.copyFrom(bytes)).build();
  }

  @Test
  void shouldSeeThroughTransposeReshapeAndIdentity() {
    GraphBuilder b = new GraphBuilder(40);
    b.weight("w", 1, 2, 3, 5);
    b.node("Transpose", "t", List.of("w"), Nodes.attribute("perm", new long[] {2, 0, 1}));
    b.node("Identity", "i", List.of("t"));
    Constant turned = assertAgreesWithRuntime(b, "i", 5, 2, 3);
    assertThat(turned.origin()).isEqualTo("w");
    assertThat(turned.originAxis(0)).isEqualTo(2);
    GraphBuilder c = new GraphBuilder(41);
    c.weight("w", 1, 2, 3, 5);
    c.node("Reshape", "r", List.of("w", c.integers("target", 0, -1)));
    c.node("Transpose", "t", List.of("r"));
    assertThat(assertAgreesWithRuntime(c, "t", 15, 2).originAxis(0)).isEqualTo(-1);
  }

  @Test
  void shouldSeeThroughHalfPrecisionAndConstantNodes() {
    GraphBuilder b = new GraphBuilder(42);
    float[] values = b.values(3, 7);
    b.node(
        "Constant", "half", List.of(), Nodes.attribute("value", Tensors.ofFloat16("", values, 7)));
    b.node("Cast", "single", List.of("half"), Nodes.attribute("to", 1));
    Constant constant = assertAgreesWithRuntime(b, "single", 7);
    assertThat(constant.origin()).isEqualTo("half");
    assertThat(constant.floats())
        .containsExactly(values, Offset.offset(2e-3f))
        .isNotEqualTo(values);
  }

  @Test
  void shouldDequantizePerTensorAndPerAxis() {
    GraphBuilder b = new GraphBuilder(43);
    b.initializer(int8("w", new int[] {-128, 127, 3, -4, 5, 0}, 2, 3));
    b.initializer(Tensors.scalar("scale", .25f));
    b.initializer(int8("zero", new int[] {7}));
    b.node("DequantizeLinear", "d", List.of("w", "scale", "zero"));
    assertThat(assertAgreesWithRuntime(b, "d", 2, 3).origin()).isEqualTo("w");
    for (long axis : new long[] {0, -2}) {
      GraphBuilder c = new GraphBuilder(44);
      c.initializer(int8("w", new int[] {-128, 127, 3, -4, 5, 0}, 2, 3));
      c.initializer(Tensors.of("scale", new float[] {.5f, 2}, 2));
      c.initializer(int8("zero", new int[] {1, -1}, 2));
      c.node("DequantizeLinear", "d", List.of("w", "scale", "zero"), Nodes.attribute("axis", axis));
      assertAgreesWithRuntime(c, "d", 2, 3);
    }
  }

  @Test
  void shouldSeeThroughFakeQuantization() {
    GraphBuilder b = new GraphBuilder(45);
    b.weight("w", 2, 3, 5);
    b.initializer(Tensors.of("scale", new float[] {.01f, .3f, .02f}, 3));
    b.initializer(int8("zero", new int[] {3, -2, 0}, 3));
    b.node("QuantizeLinear", "q", List.of("w", "scale", "zero"), Nodes.attribute("axis", 0));
    b.node("DequantizeLinear", "d", List.of("q", "scale", "zero"), Nodes.attribute("axis", 0));
    Constant constant = assertAgreesWithRuntime(b, "d", 3, 5);
    assertThat(constant.origin()).isEqualTo("w");
  }

  @Test
  void shouldNotTakeActivationsForConstants() {
    GraphBuilder b = new GraphBuilder(46);
    b.node("Identity", "y", List.of(b.input("x", 3)));
    b.node("Cast", "whole", List.of(b.weight("w", 1, 3)), Nodes.attribute("to", 7));
    OnnxGraph graph = b.output("y", 3).model().graph();
    assertThat(Constants.resolve(graph, "y")).isNull();
    assertThat(Constants.resolve(graph, "x")).isNull();
    assertThat(Constants.resolve(graph, "whole")).isNull();
    assertThat(Constants.longs(graph, "w")).isNull();
  }

  @Test
  void shouldReadTypedFieldsLikeRawBytes() {
    TensorProto.Builder typed = TensorProto.newBuilder().setName("t").addDims(2);
    TensorProto floats = typed.setDataType(1).addFloatData(1.5f).addFloatData(-2).build();
    assertThat(Tensors.floats(floats, null)).containsExactly(1.5f, -2);
    typed.clearFloatData();
    TensorProto doubles = typed.setDataType(11).addDoubleData(.1).addDoubleData(4).build();
    assertThat(Tensors.floats(doubles, null)).containsExactly(.1f, 4);
    typed.clearDoubleData();
    TensorProto half = typed.setDataType(10).addInt32Data(0x3C00).addInt32Data(0xC000).build();
    assertThat(Tensors.floats(half, null)).containsExactly(1, -2);
    TensorProto brain =
        typed.clearInt32Data().setDataType(16).addInt32Data(0x3F80).addInt32Data(0xC000).build();
    assertThat(Tensors.floats(brain, null)).containsExactly(1, -2);
    TensorProto bytes =
        typed.clearInt32Data().setDataType(3).addInt32Data(-3).addInt32Data(7).build();
    assertThat(Tensors.longs(bytes, null)).containsExactly(-3, 7);
    TensorProto wide =
        typed.clearInt32Data().setDataType(7).addInt64Data(1L << 40).addInt64Data(-1).build();
    assertThat(Tensors.longs(wide, null)).containsExactly(1L << 40, -1);
  }

  @Test
  void shouldRefuseTensorsThatDoNotFit() {
    TensorProto.Builder tensor = TensorProto.newBuilder().setName("t").addDims(3).setDataType(1);
    TensorProto shortOfData = tensor.addFloatData(1).build();
    assertThatThrownBy(() -> Tensors.floats(shortOfData, null))
        .isInstanceOf(BadInputException.class)
        .hasMessage(
            "tensor data does not fit its shape: tensor t; expected 3 elements for shape [3], found"
                + " 1");
    TensorProto huge = tensor.addDims(Integer.MAX_VALUE).build();
    assertThatThrownBy(() -> Tensors.floats(huge, null))
        .hasMessageContaining("tensor of an impossible shape");
    TensorProto text = TensorProto.newBuilder().setName("t").setDataType(8).build();
    assertThatThrownBy(() -> Tensors.floats(text, null)).hasMessageContaining("found STRING");
    assertThatThrownBy(() -> Tensors.longs(tensor.build(), null))
        .hasMessageContaining("expected an integer type, found FLOAT");
  }
}
