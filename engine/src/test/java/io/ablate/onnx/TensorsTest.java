package io.ablate.onnx;

import static org.assertj.core.api.Assertions.assertThat;

import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import java.util.List;
import org.junit.jupiter.api.Test;

class TensorsTest {
  /** Weights of a parsed model are views of its bytes that begin somewhere inside. */
  @Test
  void shouldReadEachWeightOfParsedBytesFromItsOwnPlace() {
    ModelProto made = TestModels.convNet().proto();
    List<TensorProto> parsed =
        OnnxModel.parse(made.toByteArray()).proto().getGraph().getInitializerList();
    for (int i = 0; i < parsed.size(); i++) {
      TensorProto original = made.getGraph().getInitializer(i);
      assertThat(Tensors.floats(parsed.get(i), null))
          .as(original.getName())
          .containsExactly(Tensors.floats(original, null));
    }
  }
}
