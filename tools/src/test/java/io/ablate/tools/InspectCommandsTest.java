package io.ablate.tools;

import static io.ablate.tools.Cli.json;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.ablate.models.BundledModels;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What commands tell: help, {@code inspect}, {@code doctor}. */
class InspectCommandsTest extends SmallModelFixture {
  @ParameterizedTest
  @ValueSource(
      strings = {
        "compare",
        "inspect",
        "plan",
        "collect",
        "fit",
        "evaluate",
        "query",
        "merge",
        "fetch",
        "doctor"
      })
  void shouldExplainItselfWithAnExample(String command) {
    Cli.Outcome outcome = Cli.run(command, "--help");
    assertThat(outcome.code()).isZero();
    assertThat(outcome.out())
        .contains("Usage: ablate " + command)
        .contains("ablate " + command + " ")
        .contains("Example")
        .contains("--json", "--seed", "--threads", "--device", "--verbose");
  }

  @Test
  void shouldListComponentsByLayer() {
    JsonNode found = json("inspect", model, "--json");
    assertThat(found.path("components").asInt()).isEqualTo(Cli.COLUMNS);
    assertThat(found.path("opset").asInt()).isEqualTo(17);
    assertThat(found.at("/layers/0/tensors/0").asText()).isEqualTo("conv1.weight");
    assertThat(found.at("/layers/1/components").asInt()).isEqualTo(8);
    assertThat(found.path("layers")).hasSize(2);
    assertThat(json("inspect", model, "--json", "--include-output").path("components").asInt())
        .isEqualTo(Cli.COLUMNS + Cli.CLASSES);
    assertThat(Cli.run("inspect", model).out()).contains("conv1.weight", "n", "13");
  }

  @Test
  void shouldKnowBundledModelsByName() {
    assertThat(Cli.run("inspect", "--help").out()).contains(BundledModels.names());
    assertThat(json("inspect", "bundled:resnet8-cifar10", "--json").path("components").asInt())
        .isEqualTo(672);
  }

  @Test
  void shouldReportWhatIsThere() {
    JsonNode report = json("doctor", "--json");
    List<String> names = new ArrayList<>();
    report.path("findings").forEach(finding -> names.add(finding.path("name").asText()));
    assertThat(names)
        .contains(
            "onnxruntime-cpu",
            "onednn-cpu",
            "onnxruntime-ffm-cpu",
            "onnxruntime-cuda",
            "cuda",
            "ejml");
    assertThat(Cli.run("doctor").out())
        .contains("ONNX Runtime", "cuda", "java", "fp16", "bf16", "--precision auto");
  }
}
