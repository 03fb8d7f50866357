package io.ablate.instrument;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

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
import io.ablate.onnx.TestModels;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Kinds of layers and components that random graphs do not have. */
class MaskedLayersTest {
  private static final InstrumentOptions DEFAULTS = InstrumentOptions.defaults();

  private static ComponentSet components(OnnxModel model) {
    return ComponentDiscovery.discover(model, ComponentRules.defaults());
  }

  @ParameterizedTest
  @EnumSource
  void shouldMaskBothUsesOfOneWeight(Ablation ablation) {
    GraphBuilder b = new GraphBuilder(7);
    String x = b.input("image", -1, 4, 5, 5);
    String weight = b.weight("shared", .5, 4, 4, 3, 3);
    String bias = b.weight("shared.bias", .5, 4);
    x = b.relu(b.convOf("first", List.of(x, weight, bias), 3, 1, 1));
    x = b.relu(b.convOf("second", List.of(x, weight), 3, 1, 1));
    b.gemm("fc", "logits", b.meanOverPositions(x), 4, 5);
    OnnxModel model = b.output("logits", -1, 5).model();
    List<Component> columns = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      columns.add(
          new Component(
              "shared",
              weight,
              i,
              ComponentKind.CONV_FILTER,
              List.of(new Slice("/first_out", weight, i), new Slice("/second_out", weight, i))));
    }
    InstrumentOptions options = DEFAULTS.ablation(ablation);
    if (ablation == Ablation.MEAN || ablation == Ablation.CONSTANT) {
      options = options.reference(new float[] {.3f, -.2f, 0, 1});
    }
    new InstrumentationCheck(model, new ComponentSet(columns), 7).options(options).run();
  }

  @ParameterizedTest
  @EnumSource
  void shouldKeepABatchNormWhoseInputIsUsedElsewhereToo(Ablation ablation) {
    GraphBuilder b = new GraphBuilder(14);
    String x = b.conv("conv1", b.input("image", -1, 3, 5, 5), 3, 7, 3);
    x = b.add("sum", b.batchNorm("bn1", x, 7), x);
    b.gemm("fc", "logits", b.meanOverPositions(b.relu(x)), 7, 5);
    OnnxModel model = b.output("logits", -1, 5).model();
    InstrumentOptions options = DEFAULTS.ablation(ablation);
    if (ablation == Ablation.MEAN || ablation == Ablation.CONSTANT) {
      options = options.reference(new float[] {.3f, -.2f, 0, 1, 2, -1, .5f});
    }
    new InstrumentationCheck(model, components(model), 14).options(options).run();
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 3})
  void shouldMaskConvolutionsOfOtherDimensions(int axes) {
    GraphBuilder b = new GraphBuilder(15);
    long[] input = new long[axes + 2];
    long[] weight = new long[axes + 2];
    long[] positions = new long[axes];
    java.util.Arrays.fill(input, 4);
    java.util.Arrays.fill(weight, 2);
    for (int i = 0; i < axes; i++) {
      positions[i] = i + 2L;
    }
    input[0] = -1;
    weight[0] = 7;
    weight[1] = 4;
    String x = b.input("signal", input);
    x = b.node("Conv", "conv1_out", List.of(x, b.weight("w", .6, weight), b.weight("b", .5, 7)));
    x = b.relu(b.batchNorm("bn1", x, 7));
    x =
        b.node(
            "ReduceMean",
            "mean",
            List.of(x),
            Nodes.attribute("axes", positions),
            Nodes.attribute("keepdims", 0));
    b.gemm("fc", "logits", x, 7, 5);
    OnnxModel model = b.output("logits", -1, 5).model();
    new InstrumentationCheck(model, components(model), 15).run();
  }

  @ParameterizedTest
  @EnumSource
  void shouldMaskNeuronsOfSequences(Ablation ablation) {
    GraphBuilder b = new GraphBuilder(16);
    String x = b.relu(b.linear("up", b.input("tokens", -1, 3, 4), 4, 7));
    x = b.linear("down", x, 7, 4);
    x =
        b.node(
            "ReduceMean",
            "mean",
            List.of(x),
            Nodes.attribute("axes", new long[] {1}),
            Nodes.attribute("keepdims", 0));
    b.gemm("fc", "logits", x, 4, 5);
    OnnxModel model = b.output("logits", -1, 5).model();
    ComponentSet components = components(model);
    InstrumentOptions options = DEFAULTS.ablation(ablation);
    if (ablation == Ablation.MEAN || ablation == Ablation.CONSTANT) {
      options = options.reference(new GraphBuilder(16).values(1, components.size()));
    }
    new InstrumentationCheck(model, components, 16).options(options).run();
  }

  @ParameterizedTest
  @EnumSource
  void shouldHonourTheFactorsOfGemm(Ablation ablation) {
    GraphBuilder b = new GraphBuilder(17);
    String x = b.input("x", -1, 4);
    x =
        b.node(
            "Gemm",
            "hidden_out",
            List.of(x, b.weight("hidden.weight", .8, 4, 7), b.weight("hidden.bias", .5, 7)),
            Nodes.attribute("alpha", .5f),
            Nodes.attribute("beta", 2f));
    b.gemm("fc", "logits", b.relu(x), 7, 5);
    OnnxModel model = b.output("logits", -1, 5).model();
    InstrumentOptions options = DEFAULTS.ablation(ablation);
    if (ablation == Ablation.MEAN || ablation == Ablation.CONSTANT) {
      options = options.reference(new GraphBuilder(17).values(1, 7));
    }
    new InstrumentationCheck(model, components(model), 17).options(options).run();
  }

  @Test
  void shouldLeaveOtherChannelsOfALayerAlone() {
    OnnxModel model = TestModels.residual();
    List<Component> all = components(model).columns();
    // Out of order, with gaps, the last two as one group.
    List<Component> chosen = new ArrayList<>(List.of(all.get(7), all.get(2), all.get(20)));
    chosen.add(
        new Component(
            "pair",
            all.get(3).tensor(),
            0,
            ComponentKind.GROUP,
            List.of(all.get(3).slices().getFirst(), all.get(11).slices().getFirst())));
    new InstrumentationCheck(model, new ComponentSet(chosen), 18).run();
  }

  /** Normalisation over groups of channels, as exporters write it: shapes that are computed. */
  @Test
  void shouldMaskNeuronsBehindAComputedShape() {
    GraphBuilder b = new GraphBuilder(23);
    String x = b.input("tokens", -1, 3, 4);
    String shape = b.node("Shape", "shape", List.of(x));
    x = b.node("Reshape", "groups", List.of(x, b.integers("groups_shape", 0, 2, -1)));
    x = b.node("Softmax", "normalised", List.of(x), Nodes.attribute("axis", -1));
    x = b.node("Reshape", "tokens_again", List.of(x, shape));
    x = b.relu(b.node("MatMul", "up_out", List.of(x, b.weight("up.weight", 1, 4, 7))));
    x = b.node("ReduceMean", "mean", List.of(x), Nodes.attribute("axes", new long[] {1}));
    b.gemm("fc", "logits", b.node("Flatten", "flat", List.of(x)), 7, 5);
    OnnxModel model = b.output("logits", -1, 5).model();
    new InstrumentationCheck(model, components(model), 19).run();
  }

  /** A layer over tokens that were folded into the batch: a mask's rows do not fit its rows. */
  @Test
  void shouldRefuseALayerThatTheBatchIsFoldedInto() {
    GraphBuilder b = new GraphBuilder(22);
    String x = b.input("tokens", -1, 3, 4);
    x = b.node("Reshape", "folded", List.of(x, b.integers("folded_shape", -1, 4)));
    x = b.relu(b.gemm("up", "up_out", x, 4, 7));
    x = b.node("Reshape", "unfolded", List.of(x, b.integers("unfolded_shape", -1, 21)));
    b.gemm("fc", "logits", x, 21, 5);
    OnnxModel model = b.output("logits", -1, 5).model();
    assertThatThrownBy(() -> Instrumenter.instrument(model, components(model), DEFAULTS))
        .isInstanceOf(BadInputException.class)
        .hasMessageContaining("node /up_out")
        .hasMessageContaining("expected extent 1 for a single example, found 3")
        .hasMessageContaining("leave these layers out (--components '!up')");
  }
}
