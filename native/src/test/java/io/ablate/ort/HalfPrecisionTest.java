package io.ablate.ort;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import io.ablate.backend.PrecisionCheck;
import io.ablate.base.BadInputException;
import io.ablate.component.ComponentDiscovery;
import io.ablate.component.ComponentRules;
import io.ablate.cuda.ElementType;
import io.ablate.cuda.HostDevice;
import io.ablate.evaluate.Lds;
import io.ablate.forward.BatchShape;
import io.ablate.forward.ForwardBackend;
import io.ablate.forward.ForwardBatch;
import io.ablate.forward.ForwardOptions;
import io.ablate.forward.ForwardSession;
import io.ablate.forward.OrtGraphs;
import io.ablate.forward.Precision;
import io.ablate.instrument.InstrumentOptions;
import io.ablate.instrument.InstrumentedModel;
import io.ablate.instrument.Instrumenter;
import io.ablate.mask.BernoulliMasks;
import io.ablate.mask.MaskMatrix;
import io.ablate.onednn.Networks;
import io.ablate.onnx.GraphBuilder;
import io.ablate.onnx.GraphWriter;
import io.ablate.onnx.Nodes;
import io.ablate.onnx.OnnxGraph;
import io.ablate.onnx.OnnxModel;
import io.ablate.onnx.Tensors;
import java.util.HashMap;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.ResourceLock;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What is in float16 and what is not, what it does to outputs, and what is refused. */
@ResourceLock("objects of ONNX Runtime")
class HalfPrecisionTest {
  private static final long[] SHAPE = Networks.exampleShape();

  private final HostDevice driver = new HostDevice();

  /** Example and mask are converted once each, and the output function keeps float32. */
  @Test
  void shouldComputeInFloat16UpToTheLogits() {
    InstrumentedModel model = OrtPasses.bundled("shapes-resnet");
    OnnxModel half = HalfPrecision.of(model, fixed(model, new BatchShape(4, 1)));
    OnnxGraph graph = half.graph();
    List<NodeProto> casts = graph.nodes().stream().filter(node -> Nodes.is(node, "Cast")).toList();
    assertThat(casts).hasSize(3);
    assertThat(casts.stream().map(node -> node.getInput(0)))
        .contains(model.mask(), model.example().name());
    assertThat(casts.stream().map(node -> node.getOutput(0))).contains(model.logitTensor());
    for (NodeProto node : graph.nodes()) {
      if (Nodes.is(node, "Conv") || Nodes.is(node, "Gemm")) {
        for (String input : node.getInputList().subList(1, node.getInputCount())) {
          assertThat(Objects.requireNonNull(graph.initializer(input)).getDataType())
              .isEqualTo(DataType.FLOAT16_VALUE);
        }
      }
    }
    assertThat(graph.outputs())
        .allMatch(o -> o.getType().getTensorType().getElemType() == DataType.FLOAT_VALUE);
  }

  @Test
  void shouldTakeMasksInFloat16WhereNothingReadsThemInFloat32() {
    InstrumentedModel model = OrtPasses.bundled("shapes-resnet");
    OnnxModel half = HalfPrecision.of(model, fixed(model, new BatchShape(4, 1)));
    OnnxGraph graph = HalfPrecision.withHalfMasks(half, model.mask()).graph();
    assertThat(type(graph, model.mask())).isEqualTo(DataType.FLOAT16);
    assertThat(type(graph, model.example().name())).isEqualTo(DataType.FLOAT);
    assertThat(graph.nodes()).filteredOn(node -> Nodes.is(node, "Cast")).hasSize(2);

    OnnxGraph read = half.graph();
    read.append(Nodes.node("ReduceSum", "kept", List.of(model.mask())));
    read.putOutput(GraphWriter.value("kept", DataType.FLOAT, "", 1, 1));
    OnnxModel also = read.toModel();
    assertThat(HalfPrecision.withHalfMasks(also, model.mask())).isSameAs(also);
  }

  private static DataType type(OnnxGraph graph, String tensor) {
    return DataType.forNumber(
        Objects.requireNonNull(graph.valueInfo(tensor)).getType().getTensorType().getElemType());
  }

  /** What a run in float16 does with its masks: nothing converts them. */
  @Test
  void shouldWriteMasksInFloat16() {
    ForwardOptions options = new ForwardOptions(1, SHAPE, Precision.FP16);
    InstrumentedModel model = Objects.requireNonNull(Networks.all().get("residual"));
    try (ForwardSession session = ReducedBackends.reduced(driver, true, true).open(model, options);
        ForwardBatch batch = session.batch(new BatchShape(3, 1))) {
      batch.run();
      assertThat(driver.expanded()).containsOnly(ElementType.F16);
    }
  }

  private static OnnxModel fixed(InstrumentedModel model, BatchShape shape) {
    return OrtGraphs.fixed(model, model.model(), shape, new long[] {3, 32, 32});
  }

  /** No transposition but of the example, none of the mask's cut out, no bias in a convolution. */
  @Test
  void shouldLeaveNothingBetweenTheConvolutionsOfABundledModel() {
    for (String name : List.of("shapes-resnet", "resnet8-cifar10", "resnet18-cifar10")) {
      InstrumentedModel model = OrtPasses.bundled(name);
      OnnxModel half = HalfPrecision.of(model, fixed(model, new BatchShape(4, 1)));
      OnnxModel last =
          ChannelsLast.of(MaskFusion.of(half, model.mask(), true), true, new HashMap<>());
      List<String> operators =
          last.proto().getGraph().getNodeList().stream().map(NodeProto::getOpType).toList();
      assertThat(operators)
          .as(name)
          .contains("NhwcConv", "MaskedReluHalfChannelsLast", "MaskedSumReluHalfChannelsLast")
          .doesNotContain("Conv", "ReduceMean", "GlobalAveragePool", "Relu", "Split", "Mul");
      assertThat(operators.stream().filter("Transpose"::equals)).as(name).hasSize(1);
      assertThat(last.proto().getGraph().getNodeList())
          .filteredOn(node -> node.getOpType().equals("NhwcConv"))
          .allMatch(node -> node.getInputCount() == 2);
    }
  }

  /** What attributions are fitted to: how outputs of one example go up and down with masks. */
  @ParameterizedTest
  @ValueSource(strings = {"resnet8-cifar10", "resnet18-cifar10"})
  void shouldKeepTheOrderOfABundledModelsOutputs(String name) {
    InstrumentedModel model = OrtPasses.bundled(name);
    long[] shape = {3, 32, 32};
    ForwardOptions options = new ForwardOptions(2, shape);
    try (ForwardSession found =
            ReducedBackends.reduced(driver, true, true).open(model, options.with(Precision.FP16));
        ForwardSession expected = ReducedBackends.plain().open(model, options)) {
      double[] rounded = outputs(found, shape);
      double[] exact = outputs(expected, shape);
      assertThat(rounded).isNotEqualTo(exact);
      assertThat(Lds.pearson(new double[][] {rounded}, new double[][] {exact})[0])
          .isGreaterThan(PrecisionCheck.LEAST);
    }
  }

  private static double[] outputs(ForwardSession session, long[] shape) {
    int columns = session.model().components().size();
    MaskMatrix masks = MaskMatrix.of(new BernoulliMasks(3, .9, columns), 0, 32);
    double[] outputs = new double[masks.rows()];
    try (ForwardBatch batch = session.batch(new BatchShape(masks.rows(), 1))) {
      batch.setExample(0, OrtPasses.example(OrtPasses.elements(shape), 3), 1);
      for (int row = 0; row < outputs.length; row++) {
        batch.setMask(row, masks.words(), row * masks.wordsPerRow());
      }
      batch.run();
      for (int row = 0; row < outputs.length; row++) {
        outputs[row] = batch.output(row);
      }
    }
    return outputs;
  }

  @Test
  void shouldRefuseWhatFloat16CannotHold() {
    InstrumentedModel model = withBias(70000);
    ForwardOptions options = new ForwardOptions(1, SHAPE, Precision.FP16);
    ForwardBackend backend = ReducedBackends.reduced(driver, false, false);
    String why = "value beyond float16: tensor ";
    assertThat(backend.whyNot(model, options).orElseThrow().message())
        .contains(why, "expected |v| <= 65504, found 70000.0; use --precision fp32");
    assertThatThrownBy(() -> backend.open(model, options))
        .isInstanceOf(BadInputException.class)
        .hasMessageContaining(why);
    assertThat(backend.whyNot(withBias(65504), options)).isEmpty();
    assertThat(backend.whyNot(model, options.with(Precision.FP32))).isEmpty();
    assertThat(backend.whyNot(model, options.with(Precision.BF16)).orElseThrow().message())
        .isEqualTo("no passes in bf16; expected fp32, fp16; use --precision fp32");
  }

  private static InstrumentedModel withBias(float bias) {
    GraphBuilder b = new GraphBuilder(4);
    String x = b.input("x", -1, 3, 9, 10);
    String weight = b.weight("a.weight", .3, 8, 3, 3, 3);
    String shift = b.initializer(Tensors.of("shift", new float[] {bias}, 1));
    String a = b.add("shifted", b.convOf("a", List.of(x, weight), 3, 1, 1), shift);
    b.gemm("fc", "logits", b.meanOverPositions(a), 8, 5);
    return instrumented(b);
  }

  private static InstrumentedModel instrumented(GraphBuilder b) {
    OnnxModel model = b.output("logits", -1, 5).model();
    return Instrumenter.instrument(
        model,
        ComponentDiscovery.discover(model, ComponentRules.defaults()),
        InstrumentOptions.defaults());
  }

  @Test
  void shouldNameAnOperatorWithoutAFormInFloat16() {
    GraphBuilder b = new GraphBuilder(4);
    String a = b.conv("a", b.input("x", -1, 3, 9, 10), 3, 8, 3);
    String scale = b.initializer(Tensors.of("scale", new float[] {.1f}));
    String quantized = b.node("QuantizeLinear", "q", List.of(a, scale));
    String back = b.node("DequantizeLinear", "dq", List.of(quantized, scale));
    b.gemm("fc", "logits", b.meanOverPositions(back), 8, 5);
    ForwardOptions options = new ForwardOptions(1, SHAPE, Precision.FP16);
    assertThat(
            ReducedBackends.reduced(driver, false, false)
                .whyNot(instrumented(b), options)
                .orElseThrow()
                .message())
        .contains("operator without a form in float16: node ", "QuantizeLinear");
  }
}
