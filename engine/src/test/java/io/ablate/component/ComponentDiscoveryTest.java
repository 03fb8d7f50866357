package io.ablate.component;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import io.ablate.base.BadInputException;
import io.ablate.base.Json;
import io.ablate.base.SharedFiles;
import io.ablate.onnx.GraphBuilder;
import io.ablate.onnx.Nodes;
import io.ablate.onnx.OnnxModel;
import io.ablate.onnx.Tensors;
import io.ablate.onnx.TestModels;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ComponentDiscoveryTest {
  private static final ComponentRules DEFAULTS = ComponentRules.defaults();

  private static ComponentSet discover(OnnxModel model) {
    return ComponentDiscovery.discover(model, DEFAULTS);
  }

  @ParameterizedTest
  @ValueSource(strings = {"resnet8-cifar10", "resnet18-cifar10"})
  void shouldFindTheColumnsOfTheGoldenOutputs(String name) {
    OnnxModel model = OnnxModel.read(SharedFiles.require("models/" + name + ".onnx"));
    JsonNode golden = Json.read(SharedFiles.require("golden/" + name + "/golden.json"));
    List<String> expected = new ArrayList<>();
    for (JsonNode column : golden.path("columns")) {
      for (int i = 0; i < column.path("filters").asInt(); i++) {
        expected.add(column.path("weight").asText() + " " + i);
      }
    }
    assertThat(discover(model).columns())
        .extracting(c -> c.tensor() + " " + c.index())
        .containsExactlyElementsOf(expected);
  }

  @Test
  void shouldFindTheColumnsOfTheGoldenDataset() {
    OnnxModel model = OnnxModel.read(SharedFiles.require("models/resnet8-cifar10.onnx"));
    List<String> expected = new ArrayList<>();
    for (JsonNode c :
        Json.read(SharedFiles.require("golden/resnet8-cifar10-dataset/components.json"))
            .path("columns")) {
      expected.add(
          String.join(
              " ",
              c.path("layer").asText(),
              c.path("tensor").asText(),
              c.path("index").asText(),
              c.path("kind").asText()));
    }
    assertThat(discover(model).columns())
        .extracting(c -> c.layer() + " " + c.tensor() + " " + c.index() + " " + c.kind().label())
        .containsExactlyElementsOf(expected);
  }

  @Test
  void shouldNameLayersOfTheFoldedFormAlike() {
    ComponentSet folded =
        discover(OnnxModel.read(SharedFiles.require("models/resnet8-cifar10-folded.onnx")));
    ComponentSet plain =
        discover(OnnxModel.read(SharedFiles.require("models/resnet8-cifar10.onnx")));
    assertThat(folded.size()).isEqualTo(672);
    assertThat(folded.columns())
        .extracting(Component::label)
        .isEqualTo(plain.columns().stream().map(Component::label).toList());
  }

  @Test
  void shouldLeaveOutTheOutputLayerByDefault() {
    OnnxModel mlp = TestModels.mlp();
    assertThat(discover(mlp).layers()).containsExactly("fc1", "fc2");
    assertThat(discover(mlp).size()).isEqualTo(7 + 11);
    assertThat(ComponentDiscovery.discover(mlp, DEFAULTS.withOutput()).layers())
        .containsExactly("fc1", "fc2", "head");
    assertThat(discover(TestModels.withSoftmax()).layers()).containsExactly("conv1");
  }

  @Test
  void shouldLeaveOutALastConvolutionBeforePooling() {
    GraphBuilder b = new GraphBuilder(7);
    String x = b.relu(b.conv("features", b.input("image", -1, 3, 4, 4), 3, 7, 3));
    x = b.relu(b.conv("classifier", x, 7, 5, 1));
    x = b.node("GlobalAveragePool", "pooled", List.of(x));
    b.node("Flatten", "logits", List.of(x));
    assertThat(discover(b.output("logits", -1, 5).model()).layers()).containsExactly("features");
  }

  @Test
  void shouldCountEveryFilterOfAGroupedConvolution() {
    ComponentSet set = discover(TestModels.grouped());
    assertThat(set.size()).isEqualTo(9);
    assertThat(set.columns()).allMatch(c -> c.kind() == ComponentKind.CONV_FILTER);
  }

  @Test
  void shouldSwitchShortcutsOff() {
    OnnxModel model = TestModels.residual();
    assertThat(discover(model).layers())
        .containsExactly("stem", "block.conv1", "block.conv2", "block.sc.0");
    assertThat(ComponentDiscovery.discover(model, DEFAULTS.withoutShortcuts()).layers())
        .containsExactly("stem", "block.conv1", "block.conv2");
  }

  @Test
  void shouldNotTakeTheEndOfABottleneckForAShortcut() {
    GraphBuilder b = new GraphBuilder(8);
    String x = b.relu(b.conv("stem", b.input("image", -1, 3, 4, 4), 3, 7, 3));
    String y = b.relu(b.conv("reduce", x, 7, 2, 1));
    y = b.relu(b.conv("middle", y, 2, 2, 3));
    y = b.conv("expand", y, 2, 7, 1);
    x = b.relu(b.add("sum", y, b.conv("shortcut", x, 7, 7, 1)));
    b.gemm("fc", "logits", b.meanOverPositions(x), 7, 5);
    OnnxModel model = b.output("logits", -1, 5).model();
    assertThat(ComponentDiscovery.discover(model, DEFAULTS.withoutShortcuts()).layers())
        .containsExactly("stem", "reduce", "middle", "expand");
  }

  @Test
  void shouldAblateAWeightUsedTwiceAsOneComponent() {
    GraphBuilder b = new GraphBuilder(9);
    String x = b.relu(b.conv("conv1", b.input("image", -1, 3, 4, 4), 3, 3, 3));
    x = b.relu(b.convOf("again", List.of(x, "conv1.weight"), 3, 1, 1));
    b.gemm("fc", "logits", b.meanOverPositions(x), 3, 5);
    ComponentSet set = discover(b.output("logits", -1, 5).model());
    assertThat(set.size()).isEqualTo(3);
    assertThat(set.columns().get(1).slices())
        .containsExactly(
            new Slice("/conv1_out", "conv1.weight", 1), new Slice("/again_out", "conv1.weight", 1));
  }

  @Test
  void shouldKeepRowsAndColumnsOfOneMatrixApart() {
    GraphBuilder b = new GraphBuilder(10);
    String x = b.gemm("tied", "first", b.input("x", -1, 4), 4, 4);
    x = b.node("MatMul", "second", List.of(b.relu(x), "tied.weight"));
    b.gemm("head", "logits", b.relu(x), 4, 5);
    ComponentSet set = discover(b.output("logits", -1, 5).model());
    assertThat(set.size()).isEqualTo(8);
    assertThat(set.layers()).containsExactly("tied", "second");
    assertThat(set.columns()).allMatch(c -> c.slices().size() == 1);
  }

  @Test
  void shouldFollowWeightsBehindConversions() {
    GraphBuilder b = new GraphBuilder(11);
    String x = b.input("x", -1, 4);
    b.initializer(Tensors.ofFloat16("half.weight", b.values(1, 4, 7), 4, 7));
    b.node("Cast", "single", List.of("half.weight"), Nodes.attribute("to", 1));
    x = b.node("MatMul", "a", List.of(x, b.node("Identity", "same", List.of("single"))));
    b.weight("turned.weight", 1, 11, 7);
    b.node("Transpose", "turn", List.of("turned.weight"));
    x = b.node("MatMul", "c", List.of(b.relu(x), "turn"));
    b.gemm("head", "logits", b.relu(x), 11, 5);
    ComponentSet set = discover(b.output("logits", -1, 5).model());
    assertThat(set.layers()).containsExactly("half", "turned");
    assertThat(set.size()).isEqualTo(7 + 11);
    assertThat(set.columns().getFirst().tensor()).isEqualTo("half.weight");
  }

  @Test
  void shouldFindNoNeuronsInAProductOfActivations() {
    GraphBuilder b = new GraphBuilder(12);
    String x = b.gemm("fc1", "a", b.input("x", -1, 4), 4, 4);
    String y = b.node("Transpose", "t", List.of(x));
    String z = b.node("MatMul", "attention", List.of(x, y));
    b.node("MatMul", "logits", List.of(z, x));
    assertThat(discover(b.output("logits", -1, 4).model()).layers()).containsExactly("fc1");
  }

  @Test
  void shouldNameTheOperatorsWhereNothingIsFound() {
    GraphBuilder b = new GraphBuilder(13);
    b.node("Relu", "logits", List.of(b.input("x", -1, 4)));
    OnnxModel model = b.output("logits", -1, 4).model();
    assertThatThrownBy(() -> discover(model))
        .isInstanceOf(BadInputException.class)
        .hasMessageContaining("model has no components")
        .hasMessageContaining("the operators Relu");
  }

  @Test
  void shouldGiveEveryLayerANameOfItsOwn() {
    GraphBuilder b = new GraphBuilder(14);
    String x = b.input("x", -1, 4);
    b.weight("a.weight", 1, 4, 4);
    b.weight("a_weight", 1, 4, 4);
    b.weight("onnx::MatMul_3", 1, 4, 4);
    x = b.node("MatMul", "p", List.of(x, "a.weight"));
    x = b.node("MatMul", "q", List.of(x, "a_weight"));
    x =
        b.node(
            Nodes.node("MatMul", "r", List.of(x, "onnx::MatMul_3")).toBuilder()
                .setName("/blocks/blocks.0/fc/MatMul")
                .build());
    b.gemm("head", "logits", b.relu(x), 4, 5);
    assertThat(discover(b.output("logits", -1, 5).model()).layers())
        .containsExactly("a", "q", "blocks.0.fc");
  }
}
