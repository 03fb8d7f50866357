package io.ablate.instrument;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import io.ablate.base.BadInputException;
import io.ablate.base.UsageException;
import io.ablate.component.Component;
import io.ablate.component.ComponentSet;
import io.ablate.onnx.GraphBuilder;
import io.ablate.onnx.Nodes;
import io.ablate.onnx.OnnxModel;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What users' files bring and is refused by name. */
class RefusedModelsTest {
  private static final InstrumentOptions DEFAULTS = InstrumentOptions.defaults();

  @ParameterizedTest
  @ValueSource(strings = {"QLinearConv", "ConvInteger"})
  void shouldRefuseQuantisedOperatorsByName(String operator) {
    ModelProto.Builder proto = UserModelsTest.oneConvolution().proto().toBuilder();
    proto.getGraphBuilder().getNodeBuilder(0).setOpType(operator);
    OnnxModel model = OnnxModel.of(proto.build());
    assertThatThrownBy(
            () -> Instrumenter.instrument(model, UserModelsTest.filters("/conv1_out", 7), DEFAULTS))
        .isInstanceOf(BadInputException.class)
        .hasMessageContaining("/conv1_out")
        .hasMessageContaining(operator)
        .hasMessageContaining("QuantizeLinear/DequantizeLinear");
  }

  @Test
  void shouldRefuseSeveralInputs() {
    GraphBuilder b = new GraphBuilder(9);
    String x = b.add("sum", b.input("image", -1, 3, 5, 5), b.input("noise", -1, 3, 5, 5));
    OnnxModel model = UserModelsTest.oneConvolution(b, x, b.weight("w", .7, 7, 3, 3, 3));
    assertThatThrownBy(
            () -> Instrumenter.instrument(model, UserModelsTest.components(model), DEFAULTS))
        .isInstanceOf(BadInputException.class)
        .hasMessageContaining("several inputs")
        .hasMessageContaining("image, noise");
  }

  @ParameterizedTest
  @ValueSource(strings = {"BatchNormalization", "Dropout"})
  void shouldRefuseTrainingMode(String operator) {
    GraphBuilder b = new GraphBuilder(24).opset(15);
    String x = b.conv("conv1", b.input("image", -1, 3, 5, 5), 3, 7, 3);
    if (operator.equals("Dropout")) {
      String training =
          b.node("Cast", "on", List.of(b.integers("one", 1)), UserModelsTest.castTo(DataType.BOOL));
      x = b.node("Dropout", "changed", List.of(x, b.weight("ratio", .5), training));
    } else {
      List<String> inputs = new ArrayList<>(List.of(x));
      for (String name : List.of("gamma", "beta", "mean", "variance")) {
        inputs.add(b.weight(name, 1, 7));
      }
      x = b.node(operator, "changed", inputs, Nodes.attribute("training_mode", 1));
    }
    b.gemm("fc", "logits", b.meanOverPositions(x), 7, 5);
    OnnxModel model = b.output("logits", -1, 5).model();
    assertThatThrownBy(
            () -> Instrumenter.instrument(model, UserModelsTest.components(model), DEFAULTS))
        .isInstanceOf(BadInputException.class)
        .hasMessageContaining("training mode")
        .hasMessageContaining("(" + operator + ")")
        .hasMessageContaining("model.eval()");
  }

  /** Masks decide differently, and the batch decides but once. */
  @Test
  void shouldRefuseBranchesThatValuesDecide() {
    for (boolean shapes : new boolean[] {true, false}) {
      GraphBuilder b = new GraphBuilder(26);
      String x = b.relu(b.conv("conv1", b.input("image", -1, 3, 5, 5), 3, 7, 3));
      String of = shapes ? b.node("Shape", "shape", List.of(x)) : x;
      String sum = b.node("ReduceSum", "sum", List.of(of), Nodes.attribute("keepdims", 0));
      String yes = b.node("Cast", "yes", List.of(sum), UserModelsTest.castTo(DataType.BOOL));
      x = b.node(branches(yes, x));
      b.gemm("fc", "logits", b.meanOverPositions(x), 7, 5);
      OnnxModel model = b.output("logits", -1, 5).model();
      if (shapes) {
        Instrumenter.instrument(model, UserModelsTest.components(model), DEFAULTS);
      } else {
        assertThatThrownBy(
                () -> Instrumenter.instrument(model, UserModelsTest.components(model), DEFAULTS))
            .isInstanceOf(BadInputException.class)
            .hasMessageContaining("one decision for all rows")
            .hasMessageContaining("tensor yes");
      }
    }
  }

  private static NodeProto branches(String condition, String x) {
    NodeProto.Builder node =
        NodeProto.newBuilder().setOpType("If").setName("branch").addInput(condition);
    for (String operator : List.of("Relu", "Tanh")) {
      String output = "of_" + operator;
      node.addAttribute(
          AttributeProto.newBuilder()
              .setName(operator.equals("Relu") ? "then_branch" : "else_branch")
              .setType(AttributeProto.AttributeType.GRAPH)
              .setG(
                  GraphProto.newBuilder()
                      .setName(operator)
                      .addNode(Nodes.node(operator, output, List.of(x)))
                      .addOutput(GraphBuilder.valueInfo(output, -1, 7, 5, 5))));
    }
    return node.addOutput("branch_out").build();
  }

  @Test
  void shouldRefuseAnInstrumentedModel() {
    OnnxModel plain = UserModelsTest.oneConvolution();
    InstrumentedModel once =
        Instrumenter.instrument(plain, UserModelsTest.components(plain), DEFAULTS);
    OnnxModel stored = OnnxModel.parse(once.model().toBytes());
    assertThatThrownBy(
            () -> Instrumenter.instrument(stored, UserModelsTest.components(plain), DEFAULTS))
        .isInstanceOf(BadInputException.class)
        .hasMessageContaining("already instrumented");
  }

  @Test
  void shouldRefuseLogitsWithPositions() {
    GraphBuilder b = new GraphBuilder(13);
    String x = b.conv("conv1", b.input("image", -1, 3, 5, 5), 3, 7, 3);
    OnnxModel model = b.output(x, -1, 7, 5, 5).model();
    assertThatThrownBy(
            () -> Instrumenter.instrument(model, UserModelsTest.filters("/conv1_out", 7), DEFAULTS))
        .isInstanceOf(BadInputException.class)
        .hasMessageContaining("tensor conv1_out")
        .hasMessageContaining("[?, 7, 5, 5]");
  }

  @Test
  void shouldRefuseAChannelOfTwoComponents() {
    OnnxModel model = UserModelsTest.oneConvolution();
    Component first = UserModelsTest.components(model).columns().getFirst();
    ComponentSet twice = new ComponentSet(List.of(first, first));
    assertThatThrownBy(() -> Instrumenter.instrument(model, twice, DEFAULTS))
        .isInstanceOf(BadInputException.class)
        .hasMessageContaining("channel 0 belongs to two components");
  }

  @Test
  void shouldRefuseUnknownNodesAndChannels() {
    OnnxModel model = UserModelsTest.oneConvolution();
    assertThatThrownBy(
            () -> Instrumenter.instrument(model, UserModelsTest.filters("conv9", 1), DEFAULTS))
        .isInstanceOf(BadInputException.class)
        .hasMessageContaining("node conv9")
        .hasMessageContaining("ablate inspect");
    assertThatThrownBy(
            () -> Instrumenter.instrument(model, UserModelsTest.filters("/conv1_out", 8), DEFAULTS))
        .isInstanceOf(BadInputException.class)
        .hasMessageContaining("expected 0 to 6, found 7");
  }

  @Test
  void shouldRefuseMissingReferenceValues() {
    OnnxModel model = UserModelsTest.oneConvolution();
    assertThatThrownBy(
            () ->
                Instrumenter.instrument(
                    model, UserModelsTest.components(model), DEFAULTS.ablation(Ablation.MEAN)))
        .isInstanceOf(UsageException.class)
        .hasMessageContaining("expected 7 values")
        .hasMessageContaining("--reference");
    InstrumentOptions short1 = DEFAULTS.ablation(Ablation.CONSTANT).reference(new float[] {1, 2});
    assertThatThrownBy(
            () -> Instrumenter.instrument(model, UserModelsTest.components(model), short1))
        .isInstanceOf(UsageException.class)
        .hasMessageContaining("found 2")
        .hasMessageContaining("--constant");
  }
}
