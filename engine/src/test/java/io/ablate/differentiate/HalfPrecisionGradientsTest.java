package io.ablate.differentiate;

import static org.assertj.core.api.Assertions.assertThat;

import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import ai.onnxruntime.OrtException;
import io.ablate.onnx.Nodes;
import io.ablate.onnx.OnnxModel;
import io.ablate.onnx.Tensors;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Models in float16: the gradients are the float32 model's but for rounding. */
class HalfPrecisionGradientsTest {
  private static final double RELATIVE = .03;

  static Stream<Form> forms() {
    return RuleGradientsTest.forms()
        .filter(form -> form.opset() == 17 && !form.operator().equals("Cast"));
  }

  @ParameterizedTest
  @MethodSource("forms")
  void shouldEqualTheGradientsInFloat32(Form form) throws OrtException {
    OnnxModel model = CentralDifferences.model(form);
    float[] expected = gradient(model);
    float[] found = gradient(OnnxModel.of(half(model.proto())));
    double largest = 0;
    for (float value : expected) {
      largest = Math.max(largest, Math.abs(value));
    }
    for (int i = 0; i < expected.length; i++) {
      assertThat(Math.abs(found[i] - expected[i]) / largest)
          .as("%s, entry %d", form, i)
          .isLessThan(RELATIVE);
    }
  }

  private static float[] gradient(OnnxModel model) {
    return CentralDifferences.gradient(MaskGradients.of(CentralDifferences.instrument(model)));
  }

  /** The model with float16 constants, its input converted before and its output after. */
  private static ModelProto half(ModelProto model) {
    ModelProto.Builder half = model.toBuilder();
    var graph = half.getGraphBuilder();
    for (int i = 0; i < graph.getInitializerCount(); i++) {
      TensorProto tensor = graph.getInitializer(i);
      boolean scales = tensor.getName().equals("scales");
      if (tensor.getDataType() == DataType.FLOAT_VALUE && !scales) {
        graph.setInitializer(
            i,
            Tensors.ofFloat16(
                tensor.getName(), Tensors.floats(tensor, null), Tensors.dims(tensor)));
      }
    }
    for (int i = 0; i < graph.getNodeCount(); i++) {
      NodeProto.Builder node = graph.getNodeBuilder(i);
      for (int input = 0; input < node.getInputCount(); input++) {
        if (node.getInput(input).equals("image")) {
          node.setInput(input, "image_half");
        }
      }
      if (node.getOutput(0).equals("logits")) {
        node.setOutput(0, "logits_half");
      }
    }
    graph.addNode(0, cast("image", "image_half", DataType.FLOAT16));
    graph.addNode(cast("logits_half", "logits", DataType.FLOAT));
    return half.build();
  }

  private static NodeProto cast(String from, String to, DataType type) {
    return Nodes.node("Cast", to, List.of(from), Nodes.attribute("to", type.getNumber()));
  }
}
