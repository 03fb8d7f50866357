package io.ablate.ort;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import io.ablate.cuda.HostDevice;
import io.ablate.forward.BatchShape;
import io.ablate.forward.ForwardOptions;
import io.ablate.forward.ForwardSession;
import io.ablate.forward.OrtGraphs;
import io.ablate.instrument.InstrumentedModel;
import io.ablate.onednn.Networks;
import io.ablate.onnx.GraphWriter;
import io.ablate.onnx.OnnxGraph;
import io.ablate.onnx.OnnxModel;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Where few layers are masked the others are joined with what follows them, and compute what
 * separate nodes compute; on the processor, with a device whose memory is the process's.
 */
@LeavesNoObjects
class UnmaskedLayersTest {
  private static final long[] SHAPE = Networks.exampleShape();

  private final HostDevice driver = new HostDevice();

  private static InstrumentedModel network(String name) {
    return Objects.requireNonNull(OneLayer.all().get(name));
  }

  private static OnnxModel fixed(InstrumentedModel model, long[] example) {
    OnnxModel folded = ConvolutionFolding.of(model.model());
    return OrtGraphs.fixed(model, folded, new BatchShape(4, 1), example);
  }

  /** Operators up to the mean over positions, without those of the mask. */
  private static List<String> operators(OnnxModel graph) {
    return graph.graph().nodes().stream()
        .map(NodeProto::getOpType)
        .takeWhile(operator -> !operator.equals("ReduceMean"))
        .filter(operator -> !List.of("Split", "Slice", "Unsqueeze").contains(operator))
        .toList();
  }

  @ParameterizedTest
  @CsvSource({
    "masked stem, Conv MaskedRelu Conv UnmaskedRelu Conv UnmaskedSumRelu",
    "shared by rows, Conv UnmaskedRelu Conv MaskedRelu Conv UnmaskedSumRelu Conv UnmaskedSumRelu",
    "bias alone, Conv MaskedRelu Conv Unmasked Sigmoid",
    "used twice, Conv MaskedRelu Conv Unmasked Relu Conv UnmaskedSum Relu Add",
    "computed bias, Mul Conv MaskedRelu Conv Relu Conv UnmaskedSumRelu",
    "no bias, Conv MaskedRelu Conv Tanh Conv Relu Conv UnmaskedSumRelu Conv UnmaskedSumRelu",
    "normalised, Conv MaskedRelu Conv UnmaskedRelu Conv UnmaskedSumRelu Conv Unmasked"
        + " AveragePool BatchNormalization Add",
    "stored in float16, Conv MaskedRelu Conv UnmaskedRelu"
  })
  void shouldJoinWhatSavesAPass(String name, String expected) {
    InstrumentedModel model = network(name);
    OnnxModel graph = fixed(model, SHAPE);
    assertThat(operators(MaskFusion.of(graph, model.mask(), true)))
        .containsExactlyInAnyOrder(expected.split(" ", -1));
    // What the way back needs.
    assertThat(operators(MaskFusion.of(graph, model.mask(), false)))
        .noneMatch(operator -> operator.startsWith("Unmasked"));
    float[] found = forward(model, true);
    float[] separate = forward(model, false);
    // ONNX Runtime adds a bias within the convolution and joins nodes too, which rounds
    // differently.
    for (int i = 0; i < found.length; i++) {
      if (Float.isNaN(separate[i])) {
        assertThat(found[i]).as("%d", i).isNaN();
      } else {
        assertThat(found[i]).as("%d", i).isCloseTo(separate[i], within(2e-5f));
      }
    }
  }

  private float[] forward(InstrumentedModel model, boolean joined) {
    ForwardOptions options = new ForwardOptions(1, SHAPE);
    int before = driver.masked();
    try (ForwardSession session =
        (joined ? ReducedBackends.reduced(driver, true, false) : ReducedBackends.plain())
            .open(model, options)) {
      int[] bits =
          OrtPasses.SHAPES.stream()
              .flatMapToInt(shape -> Arrays.stream(OrtPasses.forward(session, shape, SHAPE)))
              .toArray();
      assertThat(driver.masked() > before).isEqualTo(joined);
      return OrtPasses.floats(bits);
    }
  }

  @Test
  void shouldKeepAnOutputOfTheGraphInBetween() {
    InstrumentedModel model = network("masked stem");
    OnnxGraph graph = fixed(model, SHAPE).graph();
    graph.putOutput(GraphWriter.value("a_out", DataType.FLOAT, "", 4, OneLayer.CHANNELS, 9, 10));
    OnnxGraph joined = MaskFusion.of(graph.toModel(), model.mask(), true).graph();
    assertThat(Objects.requireNonNull(joined.producer("a_out")).getOpType()).isEqualTo("Unmasked");
    assertThat(joined.consumers("a_out")).extracting(NodeProto::getOpType).containsExactly("Relu");
  }

  /** In float16 a weight that is stored so is a constant, which a layout can be chosen for. */
  @Test
  void shouldTakeWeightsThatAreConvertedAsConstants() {
    InstrumentedModel model = network("stored in float16");
    List<String> operators =
        operators(inFloat16(model, SHAPE)).stream()
            .filter(operator -> operator.contains("Conv") || operator.contains("masked"))
            .toList();
    assertThat(operators).containsExactly("NhwcConv", "NhwcConv", "UnmaskedReluHalfChannelsLast");
  }

  private static OnnxModel inFloat16(InstrumentedModel model, long[] example) {
    OnnxModel half = HalfPrecision.of(model, fixed(model, example));
    return ChannelsLast.of(MaskFusion.of(half, model.mask(), true), true, new HashMap<>());
  }

  /** As with all layers masked: no bias in a convolution, no transposition but of the example. */
  @Test
  void shouldLeaveNothingBetweenTheConvolutionsOfABundledModel() {
    InstrumentedModel model = OrtPasses.bundledWithOneFilter("resnet18-cifar10");
    OnnxModel last = inFloat16(model, new long[] {3, 32, 32});
    List<String> operators = last.graph().nodes().stream().map(NodeProto::getOpType).toList();
    assertThat(operators)
        .contains("MaskedReluHalfChannelsLast")
        .contains("UnmaskedReluHalfChannelsLast", "UnmaskedSumReluHalfChannelsLast")
        .doesNotContain("Conv", "BatchNormalization", "Relu", "ReduceMean", "GlobalAveragePool");
    assertThat(operators.stream().filter("Transpose"::equals)).hasSize(1);
    assertThat(last.graph().nodes())
        .filteredOn(node -> node.getOpType().equals("NhwcConv"))
        .allMatch(node -> node.getInputCount() == 2);
  }
}
