package io.ablate.example;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.ablate.base.BadInputException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ModelSidecarTest {
  @TempDir Path folder;

  @Test
  void shouldReadEveryField() throws IOException {
    write(
        """
        {"input": {"name": "x", "layout": "NHWC", "range": [-1, 1], "mean": [0.5, 0, 1], "std": 2,
                   "resize": 256, "crop": 224},
         "output": "y", "classes": ["a", "b"], "source": "s", "more": 1}
        """);
    ModelSidecar sidecar = ModelSidecar.of(folder.resolve("m.onnx"));
    assertThat(sidecar)
        .isEqualTo(
            new ModelSidecar(
                "x",
                new Preprocessing(
                    Layout.NHWC, -1, 1, List.of(0.5, 0.0, 1.0), List.of(2.0), 256, 224),
                "y",
                List.of("a", "b"),
                "s"));
    assertThat(sidecar.className(1)).isEqualTo("b");
    assertThat(sidecar.className(2)).isEqualTo("2");
  }

  @Test
  void shouldLeaveUnknownWhatIsNotSaid() throws IOException {
    assertThat(ModelSidecar.of(folder.resolve("m.onnx"))).isSameAs(ModelSidecar.NONE);
    write("{}");
    assertThat(ModelSidecar.of(folder.resolve("m.onnx"))).isEqualTo(ModelSidecar.NONE);
    write("{\"input\": {\"mean\": null}}");
    assertThat(ModelSidecar.of(folder.resolve("m.onnx")).preprocessing())
        .isEqualTo(Preprocessing.UNIT);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "[]|expected a JSON object, found array",
        "{\"input\": 3}|field input; expected an object, found 3",
        "{\"input\": {\"layout\": \"CHW\"}}|field input.layout; expected NCHW or NHWC, found 'CHW'",
        "{\"input\": {\"range\": [1]}}|field input.range; expected two numbers, the smaller first, found [1.0]",
        "{\"input\": {\"range\": [1, 0]}}|field input.range",
        "{\"input\": {\"mean\": [\"a\"]}}|field input.mean; expected a list of numbers, found \"a\"",
        "{\"input\": {\"mean\": []}}|field input.mean",
        "{\"input\": {\"mean\": 1e400}}|field input.mean; expected a list of numbers",
        "{\"input\": {\"std\": [1, 0, 1]}}|field input.std; expected positive numbers",
        "{\"input\": {\"mean\": [1, 2], \"std\": [1, 2, 3]}}|expected as many numbers as mean, 2, found 3",
        "{\"input\": {\"crop\": 1.5}}|field input.crop; expected a positive whole number of pixels, found 1.5",
        "{\"input\": {\"name\": 1}}|field input.name; expected a string, found 1",
        "{\"classes\": \"a\"}|field classes; expected a list of strings",
        "{\"classes\": [\"a\", \"a\"]}|field classes; expected distinct names, found 'a' twice",
        "{\"input\": |not the expected JSON",
        "{\"classes\": [|(start marker at [line: 1, column: 13])"
      })
  void shouldNameFileAndFieldOfWhatIsMalformed(String json, String message) throws IOException {
    write(json);
    assertThatThrownBy(() -> ModelSidecar.of(folder.resolve("m.onnx")))
        .isInstanceOf(BadInputException.class)
        .hasMessageContaining(folder.resolve("m.json").toString())
        .hasMessageContaining(message);
  }

  private void write(String json) throws IOException {
    Files.writeString(folder.resolve("m.json"), json);
  }
}
