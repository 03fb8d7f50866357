package io.ablate.component;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.ablate.base.AtomicFile;
import io.ablate.base.BadInputException;
import io.ablate.onnx.TestModels;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ComponentSpecTest {
  @TempDir private Path folder;

  /** Resolves a specification, written with ' for ", in the convolutional test model. */
  private ComponentSet resolve(String json) {
    Path file = folder.resolve("spec.json");
    AtomicFile.writeString(file, json.replace('\'', '"'));
    return ComponentSpec.read(file).resolve(TestModels.convNet().graph());
  }

  @Test
  void shouldGroupSlicesOfSeveralTensors() {
    ComponentSet set =
        resolve(
            """
            {'components': [
              {'layer': 'edges', 'slices': [{'tensor': 'conv1.weight', 'channels': '0-2'},
                                            {'node': '/conv2_out', 'channels': [10, 3]}]},
              {'slices': [{'tensor': 'conv2.weight', 'channels': 4}]},
              {'layer': 'edges', 'slices': [{'tensor': 'fc.weight'}]}]}
            """);
    assertThat(set.size()).isEqualTo(3);
    assertThat(set.columns()).allMatch(c -> c.kind() == ComponentKind.GROUP);
    assertThat(set.columns())
        .extracting(Component::label)
        .containsExactly("edges[0]", "group[0]", "edges[1]");
    assertThat(set.columns().getFirst().slices())
        .containsExactly(
            new Slice("/conv1_out", "conv1.weight", 0),
            new Slice("/conv1_out", "conv1.weight", 1),
            new Slice("/conv1_out", "conv1.weight", 2),
            new Slice("/conv2_out", "conv2.weight", 10),
            new Slice("/conv2_out", "conv2.weight", 3));
    assertThat(set.columns().getLast().slices()).hasSize(TestModels.CLASSES);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "{'slices': [{'tensor': 'nope', 'channels': [0]}]} | unknown tensor",
        "{'slices': [{'node': 'nope', 'channels': [0]}]} | unknown node",
        "{'slices': [{'tensor': 'conv1.weight', 'channels': [7]}]} | channel out of range",
        "{'slices': [{'tensor': 'conv1.weight', 'channels': [-1]}]} | channel out of range",
        "{'slices': [{'tensor': 'conv1.weight', 'channels': '5-7'}]} | found 7",
        "{'slices': []} | component without slices",
        "{'slices': [{'tensor': 'conv1.weight', 'channels': []}]} | not a component specification",
        "{'slices': [{'tensor': 'conv1.weight', 'channels': '3-1'}]} | not a component specif",
        "{'slices': [{'tensor': 'conv1.weight', 'channels': [1.5]}]} | the channel 1.5",
        "{'slices': [{'channels': [1]}]} | not exactly one of",
        "{'slices': [{'tensor': 'a', 'node': 'b'}]} | not exactly one of",
        "{'layer': 'x'} | no list \"slices\"",
        "{'slices': [{'tensor': 'conv1.weight', 'channels': [2, 2]}]} | slice in two components",
      })
  void shouldRefuse(String component, String message) {
    assertThatThrownBy(() -> resolve("{'components': [" + component + "]}"))
        .isInstanceOf(BadInputException.class)
        .hasMessageContaining("spec.json, component 0")
        .hasMessageContaining(message);
  }

  @Test
  void shouldRefuseASliceInTwoComponents() {
    assertThatThrownBy(
            () ->
                resolve(
                    """
                    {'components': [{'slices': [{'tensor': 'conv1.weight', 'channels': [1]}]},
                                    {'slices': [{'node': '/conv1_out', 'channels': '0-3'}]}]}
                    """))
        .isInstanceOf(BadInputException.class)
        .hasMessageContaining("component 1")
        .hasMessageContaining("channel 1 of conv1.weight again, after component 0");
  }

  @Test
  void shouldRefuseWhatIsNotASpecification() {
    assertThatThrownBy(() -> resolve("{'components': [")).isInstanceOf(BadInputException.class);
    assertThatThrownBy(() -> resolve("[1, 2]")).hasMessageContaining("no list \"components\"");
    assertThatThrownBy(() -> resolve("{'components': []}"))
        .hasMessageContaining("no list \"components\"");
    assertThatThrownBy(() -> ComponentSpec.read(folder.resolve("absent.json")))
        .isInstanceOf(BadInputException.class)
        .hasMessageContaining("absent.json");
  }
}
