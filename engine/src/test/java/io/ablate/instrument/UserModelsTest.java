package io.ablate.instrument;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import io.ablate.base.BadInputException;
import io.ablate.component.Component;
import io.ablate.component.ComponentDiscovery;
import io.ablate.component.ComponentKind;
import io.ablate.component.ComponentRules;
import io.ablate.component.ComponentSet;
import io.ablate.component.Slice;
import io.ablate.onnx.GraphBuilder;
import io.ablate.onnx.Nodes;
import io.ablate.onnx.OnnxModel;
import io.ablate.onnx.Tensors;
import io.ablate.onnx.TestModels;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What users' files bring and is supported; what is not: {@link RefusedModelsTest}. */
class UserModelsTest {
  private static final InstrumentOptions DEFAULTS = InstrumentOptions.defaults();

  static ComponentSet components(OnnxModel model) {
    return ComponentDiscovery.discover(model, ComponentRules.defaults());
  }

  static ComponentSet filters(String node, int count) {
    List<Component> columns = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      columns.add(
          new Component(
              node, node, i, ComponentKind.CONV_FILTER, List.of(new Slice(node, node, i))));
    }
    return new ComponentSet(columns);
  }

  /** conv1 (3→7) of the given weight name → Relu → mean → fc; the input is image [N,3,5,5]. */
  static OnnxModel oneConvolution(GraphBuilder b, String x, String weight) {
    x = b.relu(b.convOf("conv1", List.of(x, weight, b.weight("conv1.bias", .5, 7)), 3, 1, 1));
    b.gemm("fc", "logits", b.meanOverPositions(x), 7, 5);
    return b.output("logits", -1, 5).model();
  }

  static OnnxModel oneConvolution() {
    GraphBuilder b = new GraphBuilder(21);
    return oneConvolution(b, b.input("image", -1, 3, 5, 5), b.weight("w", .7, 7, 3, 3, 3));
  }

  @Test
  void shouldFreeAFixedBatch() {
    GraphBuilder b = new GraphBuilder(6);
    String x = b.input("image", -1, 3, 4, 4);
    x = b.relu(b.conv("conv1", x, 3, 7, 3));
    x = b.node("Reshape", "flat", List.of(x, b.integers("flat_shape", -1, 112)));
    b.gemm("fc", "logits", x, 112, TestModels.CLASSES);
    OnnxModel open = b.output("logits", -1, TestModels.CLASSES).model();
    OnnxModel fixed = TestModels.fixedBatch();
    InstrumentedModel instrumented = new InstrumentationCheck(open, components(open), 1).run(fixed);
    assertThat(instrumented.example().shape()).containsExactly(-1, 3, 4, 4);
  }

  @ParameterizedTest
  @ValueSource(strings = {"Softmax", "LogSoftmax"})
  void shouldBypassASoftmax(String operator) {
    OnnxModel plain = oneConvolution();
    ModelProto.Builder proto = plain.proto().toBuilder();
    proto
        .getGraphBuilder()
        .addNode(Nodes.node(operator, "p", List.of("logits"), Nodes.attribute("axis", -1)))
        .addNode(Nodes.node("Identity", "probabilities", List.of("p")))
        .clearOutput()
        .addOutput(GraphBuilder.valueInfo("probabilities", -1, 5));
    OnnxModel softmax = OnnxModel.of(proto.build());
    new InstrumentationCheck(plain, components(plain), 2).run(softmax);
  }

  @ParameterizedTest
  @ValueSource(strings = {"Identity", "Cast"})
  void shouldFollowWeightsBehind(String operator) {
    GraphBuilder b = new GraphBuilder(3);
    String x = b.input("image", -1, 3, 5, 5);
    float[] values = b.values(.7, 7, 3, 3, 3);
    for (int i = 0; i < values.length; i++) {
      values[i] = Float.float16ToFloat(Float.floatToFloat16(values[i]));
    }
    String stored =
        operator.equals("Cast")
            ? b.initializer(Tensors.ofFloat16("stored", values, 7, 3, 3, 3))
            : b.initializer(Tensors.of("stored", values, 7, 3, 3, 3));
    String weight =
        operator.equals("Cast")
            ? b.node("Cast", "w", List.of(stored), Nodes.attribute("to", 1))
            : b.node("Identity", "w", List.of(stored));
    OnnxModel model = normalised(b, x, weight);
    GraphBuilder p = new GraphBuilder(3);
    p.input("image", -1, 3, 5, 5);
    p.values(.7, 7, 3, 3, 3);
    OnnxModel plain = normalised(p, "image", p.initializer(Tensors.of("w", values, 7, 3, 3, 3)));
    assertThat(components(model).size()).isEqualTo(7);
    new InstrumentationCheck(plain, components(plain), 3).run(model);
  }

  private static OnnxModel normalised(GraphBuilder b, String x, String weight) {
    x = b.convOf("conv1", List.of(x, weight, b.weight("conv1.bias", .5, 7)), 3, 1, 1);
    x = b.relu(b.batchNorm("bn1", x, 7));
    b.gemm("fc", "logits", b.meanOverPositions(x), 7, 5);
    return b.output("logits", -1, 5).model();
  }

  @Test
  void shouldTakeFloat32ForAFloat16Model() {
    OnnxModel plain = rounded(oneConvolution());
    ModelProto.Builder half = plain.proto().toBuilder();
    var graph = half.getGraphBuilder();
    for (int i = 0; i < graph.getInitializerCount(); i++) {
      var tensor = graph.getInitializer(i);
      graph.setInitializer(
          i,
          Tensors.ofFloat16(tensor.getName(), Tensors.floats(tensor, null), Tensors.dims(tensor)));
    }
    graph.getInputBuilder(0).getTypeBuilder().getTensorTypeBuilder().setElemType(10);
    graph.getOutputBuilder(0).getTypeBuilder().getTensorTypeBuilder().setElemType(10);
    InstrumentedModel instrumented =
        new InstrumentationCheck(plain, components(plain), 4)
            .tolerance(4e-3)
            .run(OnnxModel.of(half.build()));
    assertThat(instrumented.example().type()).isEqualTo(DataType.FLOAT);
  }

  /** The model with float32 weights that float16 can hold. */
  private static OnnxModel rounded(OnnxModel model) {
    ModelProto.Builder proto = model.proto().toBuilder();
    var graph = proto.getGraphBuilder();
    for (int i = 0; i < graph.getInitializerCount(); i++) {
      var tensor = graph.getInitializer(i);
      float[] values = Tensors.floats(tensor, null);
      for (int j = 0; j < values.length; j++) {
        values[j] = Float.float16ToFloat(Float.floatToFloat16(values[j]));
      }
      graph.setInitializer(i, Tensors.of(tensor.getName(), values, Tensors.dims(tensor)));
    }
    return OnnxModel.of(proto.build());
  }

  @Test
  void shouldFollowQuantisedWeights() {
    float[] levels = new float[7 * 27];
    float[] values = new float[levels.length];
    for (int i = 0; i < levels.length; i++) {
      levels[i] = i * 37 % 19 - 9;
      values[i] = levels[i] * .0625f;
    }
    GraphBuilder p = new GraphBuilder(31);
    OnnxModel plain =
        normalised(
            p, p.input("image", -1, 3, 5, 5), p.initializer(Tensors.of("w", values, 7, 3, 3, 3)));
    GraphBuilder b = new GraphBuilder(31);
    String x = b.input("image", -1, 3, 5, 5);
    var quantised =
        Tensors.of("q", new float[0], 0).toBuilder().clearDims().clearRawData().setDataType(3);
    for (float level : levels) {
      quantised.addInt32Data((int) level);
    }
    quantised.addDims(7).addDims(3).addDims(3).addDims(3);
    String scale = b.initializer(Tensors.scalar("scale", .0625f));
    String weight =
        b.node("DequantizeLinear", "w", List.of(b.initializer(quantised.build()), scale));
    new InstrumentationCheck(plain, components(plain), 5).run(normalised(b, x, weight));
  }

  @Test
  void shouldChooseNamesThatTheModelDoesNotUse() {
    GraphBuilder b = new GraphBuilder(8);
    String x = b.input("mask", -1, 3, 5, 5);
    x = b.node("Relu", "label", List.of(b.conv("conv1", x, 3, 7, 3)));
    x = b.node("Relu", "output", List.of(b.meanOverPositions(x)));
    b.gemm("fc", "zero", x, 7, 5);
    OnnxModel model = b.output("zero", -1, 5).model();
    InstrumentedModel instrumented = new InstrumentationCheck(model, components(model), 8).run();
    assertThat(instrumented.example().name()).isEqualTo("mask");
    assertThat(instrumented.mask()).isEqualTo("mask_1");
    assertThat(instrumented.label()).isEqualTo("label_1");
    assertThat(instrumented.output()).isEqualTo("output_1");
    assertThat(instrumented.logits()).isEqualTo("zero");
  }

  @Test
  void shouldAcceptInitialisersListedAsInputs() {
    OnnxModel plain = oneConvolution();
    ModelProto.Builder proto = plain.proto().toBuilder().setIrVersion(3);
    proto
        .getGraphBuilder()
        .addInput(GraphBuilder.valueInfo("w", 7, 3, 3, 3))
        .addInput(GraphBuilder.valueInfo("conv1.bias", 7))
        .addInput(GraphBuilder.valueInfo("fc.weight", 5, 7))
        .addInput(GraphBuilder.valueInfo("fc.bias", 5));
    new InstrumentationCheck(plain, components(plain), 10).run(OnnxModel.of(proto.build()));
  }

  @Test
  void shouldChooseTheLogitsAmongSeveralOutputsByName() {
    OnnxModel plain = oneConvolution();
    ModelProto.Builder proto = plain.proto().toBuilder();
    var graph = proto.getGraphBuilder();
    graph
        .clearOutput()
        .addOutput(GraphBuilder.valueInfo("conv1_out_relu", -1, 7, 5, 5))
        .addOutput(GraphBuilder.valueInfo("logits", -1, 5));
    OnnxModel model = OnnxModel.of(proto.build());
    ComponentSet components = components(plain);
    new InstrumentationCheck(plain, components, 11).options(DEFAULTS.logits("logits")).run(model);
    assertThatThrownBy(() -> Instrumenter.instrument(model, components, DEFAULTS))
        .isInstanceOf(BadInputException.class)
        .hasMessageContaining("conv1_out_relu")
        .hasMessageContaining("sidecar");
    assertThatThrownBy(() -> Instrumenter.instrument(model, components, DEFAULTS.logits("scores")))
        .isInstanceOf(BadInputException.class)
        .hasMessageContaining("tensor scores")
        .hasMessageContaining("conv1_out_relu, logits");
  }

  /**
   * As scikit-learn's and others' classifiers have it: probabilities, and the class beside them.
   */
  @Test
  void shouldTakeOutputsMadeOfTheProbabilities() {
    OnnxModel plain = oneConvolution();
    ModelProto.Builder proto = plain.proto().toBuilder();
    proto
        .getGraphBuilder()
        .addNode(Nodes.node("Softmax", "p", List.of("logits"), Nodes.attribute("axis", -1)))
        .addNode(
            Nodes.node(
                "ArgMax",
                "top",
                List.of("p"),
                Nodes.attribute("axis", 1),
                Nodes.attribute("keepdims", 0)))
        .clearOutput()
        .addOutput(GraphBuilder.valueInfo("p", -1, 5))
        .addOutput(GraphBuilder.valueInfo("top", -1));
    new InstrumentationCheck(plain, components(plain), 15).run(OnnxModel.of(proto.build()));
  }

  static AttributeProto castTo(DataType type) {
    return Nodes.attribute("to", type.getNumber());
  }

  @Test
  void shouldTakeFloat32ForBytes() {
    GraphBuilder b = new GraphBuilder(25);
    String x = b.node("Cast", "x", List.of(b.input("image", -1, 3, 5, 5)), castTo(DataType.FLOAT));
    ModelProto.Builder proto =
        oneConvolution(b, x, b.weight("w", .7, 7, 3, 3, 3)).proto().toBuilder();
    proto
        .getGraphBuilder()
        .getInputBuilder(0)
        .getTypeBuilder()
        .getTensorTypeBuilder()
        .setElemType(DataType.UINT8.getNumber());
    OnnxModel model = OnnxModel.of(proto.build());
    InstrumentedModel instrumented = Instrumenter.instrument(model, components(model), DEFAULTS);
    assertThat(instrumented.example().type()).isEqualTo(DataType.FLOAT);
    GraphBuilder floats = new GraphBuilder(25);
    OnnxModel same =
        oneConvolution(
            floats, floats.input("image", -1, 3, 5, 5), floats.weight("w", .7, 7, 3, 3, 3));
    assertThat(outputOfBytes(instrumented))
        .isEqualTo(outputOfBytes(Instrumenter.instrument(same, components(same), DEFAULTS)));
  }

  private static float outputOfBytes(InstrumentedModel model) {
    OrtRunner.Floats bytes = new OrtRunner.Floats(new float[75], 1, 3, 5, 5);
    for (int i = 0; i < 75; i++) {
      bytes.values()[i] = 3 * i + 20;
    }
    Map<String, Object> inputs =
        Map.of(
            "image",
            bytes,
            model.mask(),
            OrtRunner.Floats.ones(1, 7),
            model.label(),
            new long[] {2});
    try (OrtRunner runner = new OrtRunner(model.model())) {
      return runner.run(model.output(), inputs).values()[0];
    }
  }

  @Test
  void shouldFlattenLogitsOfOnePosition() {
    GraphBuilder b = new GraphBuilder(12);
    String x = b.input("image", -1, 3, 5, 5);
    x = b.relu(b.conv("conv1", x, 3, 7, 3));
    x = b.node("GlobalAveragePool", "pooled", List.of(x));
    x = b.conv("head", x, 7, 5, 1);
    OnnxModel model = b.output(x, -1, 5, 1, 1).model();
    new InstrumentationCheck(model, components(model), 12).run();
  }

  /** Reshapes by the unmasked input's own shape: the batch of one must not leak into the rows. */
  @Test
  void shouldExpandTheExampleWhereShapesDependOnIt() {
    GraphBuilder b = new GraphBuilder(19);
    String image = b.input("image", -1, 3, 4, 4);
    String x = b.relu(b.conv("conv1", image, 3, 7, 3));
    String shape = b.node("Shape", "image_shape", List.of(image));
    String batch =
        b.node(
            "Gather", "batch", List.of(shape, b.integers("first", 0)), Nodes.attribute("axis", 0));
    String target =
        b.node(
            "Concat",
            "target",
            List.of(batch, b.integers("rest", 112)),
            Nodes.attribute("axis", 0));
    x = b.node("Reshape", "flat", List.of(x, target));
    b.gemm("fc", "logits", x, 112, 5);
    OnnxModel model = b.output("logits", -1, 5).model();
    new InstrumentationCheck(model, components(model), 19).run();
  }

  /** Components that do not lead to the logits: every row is the plain model's. */
  @Test
  void shouldGiveEveryRowWhereNoMaskLeadsToTheLogits() {
    GraphBuilder b = new GraphBuilder(20);
    String image = b.input("image", -1, 3, 4, 4);
    b.gemm("fc", "logits", b.meanOverPositions(image), 3, 5);
    String side = b.relu(b.conv("conv1", image, 3, 7, 3));
    OnnxModel model = b.output("logits", -1, 5).output(side, -1, 7, 4, 4).model();
    new InstrumentationCheck(model, filters("/conv1_out", 7), 20).run();
  }
}
