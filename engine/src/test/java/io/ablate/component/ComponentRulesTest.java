package io.ablate.component;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.ablate.base.UsageException;
import io.ablate.onnx.GraphBuilder;
import io.ablate.onnx.OnnxModel;
import io.ablate.onnx.TestModels;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ComponentRulesTest {
  private static final OnnxModel MODEL = mixed();

  /** Layers features.0, features.1 (convolutions), mlp.fc1 (neurons) and the output layer head. */
  private static OnnxModel mixed() {
    GraphBuilder b = new GraphBuilder(20);
    String x = b.relu(b.conv("features.0", b.input("image", -1, 3, 4, 4), 3, 7, 3));
    x = b.relu(b.conv("features.1", x, 7, 11, 3));
    x = b.relu(b.gemm("mlp.fc1", "hidden", b.meanOverPositions(x), 11, 13));
    b.gemm("head", "logits", x, 13, 5);
    return b.output("logits", -1, 5).model();
  }

  private static List<String> layers(String rules) {
    return ComponentDiscovery.discover(MODEL, ComponentRules.parse(rules)).layers();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "''                                  | features.0 features.1 mlp.fc1",
        "include-output                      | features.0 features.1 mlp.fc1 head",
        "conv-filter                         | features.0 features.1",
        "kind:neuron                         | mlp.fc1",
        "neuron , include-output             | mlp.fc1 head",
        "features.*                          | features.0 features.1",
        "features.?,mlp*                     | features.0 features.1 mlp.fc1",
        "layer:features.1                    | features.1",
        "tensor:*.0.weight                   | features.0",
        "node:/features*                     | features.0 features.1",
        "conv-filter,*.1                     | features.1",
        "conv-filter,neuron,*1               | features.1 mlp.fc1",
        "!features.0                         | features.1 mlp.fc1",
        "-neuron                             | features.0 features.1",
        "features.*,!tensor:features.0.weight| features.1",
        "no-shortcuts                        | features.0 features.1 mlp.fc1",
      })
  void shouldSelectLayers(String rules, String expected) {
    assertThat(layers(rules)).containsExactly(expected.split(" "));
  }

  @Test
  void shouldTreatDotsInPatternsLiterally() {
    assertThatThrownBy(() -> layers("features?0,featuresx0"))
        .isInstanceOf(UsageException.class)
        .hasMessageContaining("component rule matches nothing: featuresx0");
  }

  @ParameterizedTest
  @ValueSource(strings = {"conv-filterz", "attention-head", "!nowhere.*", "tensor:x", "node:y"})
  void shouldNameARuleThatMatchesNothing(String rule) {
    assertThatThrownBy(() -> layers("conv-filter," + rule))
        .isInstanceOf(UsageException.class)
        .hasMessage(
            "component rule matches nothing: "
                + rule
                + "; expected a kind (conv-filter, neuron) or one of the layers features.0,"
                + " features.1, mlp.fc1");
  }

  @Test
  void shouldSayHowToReachTheOutputLayer() {
    assertThatThrownBy(() -> layers("head")).hasMessageContaining("add include-output");
  }

  @Test
  void shouldRefuseUnknownKindsAndEmptyTerms() {
    assertThatThrownBy(() -> ComponentRules.parse("kind:filters"))
        .isInstanceOf(UsageException.class)
        .hasMessage(
            "unknown kind of component: kind:filters; expected conv-filter, neuron or"
                + " attention-head, found filters");
    for (String empty : List.of("a,,b", "!", "layer:", ",")) {
      assertThatThrownBy(() -> ComponentRules.parse(empty))
          .isInstanceOf(UsageException.class)
          .hasMessageContaining("empty term in component rules");
    }
  }

  @Test
  void shouldSayWhenNothingRemains() {
    assertThatThrownBy(() -> layers("!*"))
        .isInstanceOf(UsageException.class)
        .hasMessageContaining("component rules leave no component: !*");
    GraphBuilder b = new GraphBuilder(21);
    b.gemm("only", "logits", b.input("x", -1, 4), 4, 5);
    OnnxModel single = b.output("logits", -1, 5).model();
    assertThatThrownBy(() -> ComponentDiscovery.discover(single, ComponentRules.defaults()))
        .hasMessageContaining("none before its output layer; add include-output");
  }

  @Test
  void shouldBeReadBackFromItsText() {
    ComponentRules rules = ComponentRules.parse(" conv-filter, !layers.0.* ,no-shortcuts");
    assertThat(rules.toString()).isEqualTo("conv-filter,!layers.0.*,no-shortcuts");
    assertThat(ComponentRules.parse(rules.withOutput().toString())).isEqualTo(rules.withOutput());
  }

  @Test
  void shouldExcludeShortcutsByTerm() {
    assertThat(
            ComponentDiscovery.discover(
                    TestModels.residual(), ComponentRules.parse("no-shortcuts,block.*"))
                .layers())
        .containsExactly("block.conv1", "block.conv2");
  }
}
