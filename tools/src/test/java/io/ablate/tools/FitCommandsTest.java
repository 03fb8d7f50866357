package io.ablate.tools;

import static io.ablate.tools.Cli.USAGE;
import static io.ablate.tools.Cli.fails;
import static io.ablate.tools.Cli.json;
import static io.ablate.tools.Cli.ok;
import static io.ablate.tools.Cli.with;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import io.ablate.dataset.ComponentDataset;
import io.ablate.estimate.ComponentModels;
import io.ablate.estimate.FitFiles;
import io.ablate.evaluate.Lds;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** {@code fit}, {@code evaluate} and {@code query}: from a store to scores and effects. */
class FitCommandsTest extends SmallModelFixture {
  @Test
  void shouldScoreWhatItFitted() throws IOException {
    ok("collect", model, "--data", data, "--examples", "0-3", "--masks", 120, "--out", store);
    Path fits = temp.resolve("fits");
    ok("fit", store, "--method", "ridge,least-squares", "--samples", 80, "--out", fits);
    JsonNode all = json("evaluate", store, fits, "--json");
    assertThat(all).hasSize(2);
    JsonNode ridge = all.get(1);
    assertThat(ridge.path("method").asText()).isEqualTo("ridge");
    assertThat(ridge.path("test_rows").toString()).isEqualTo("[80,120]");
    try (ComponentDataset dataset = ComponentDataset.open(store)) {
      int[] rows = dataset.completedBetween(80, 120);
      double[] expected =
          Lds.spearman(
              FitFiles.read(fits.resolve("ridge")).models().predict(dataset.masks(rows)),
              dataset.outputs(rows));
      for (int e = 0; e < 4; e++) {
        assertThat(ridge.path("lds").get(e).asDouble()).isEqualTo(expected[e]);
      }
    }
    assertThat(ridge.path("lds_mean").asDouble()).isGreaterThan(.5);
    assertThat(Cli.run("evaluate", store, fits).out()).contains("95 % interval");
  }

  @Test
  void shouldScoreModelsBeyondOneLinearFitAndTheirLinearParts() {
    Object[] job = {model, "--data", data, "--examples", "0-3", "--masks", 160};
    ok(with("collect", job, "--out", store, "--save", "activation-scale,logits"));
    Path fits = temp.resolve("fits");
    ok("fit", store, "--method", "hierarchical-logits,quadratic", "--samples", 80, "--out", fits);
    JsonNode scores = json("evaluate", store, fits, "--json");
    List<String> methods = new ArrayList<>();
    scores.forEach(one -> methods.add(one.path("method").asText()));
    assertThat(methods).contains("hierarchical-logits", "hierarchical-logits-linear", "quadratic");
    scores.forEach(one -> assertThat(one.path("lds_mean").asDouble()).isGreaterThan(.4));
    assertThat(scores.get(0).path("lds")).isNotEqualTo(scores.get(1).path("lds"));
    ComponentModels models = FitFiles.read(fits.resolve("hierarchical-logits")).models();
    Object[] query = {"query", fits.resolve("hierarchical-logits"), "--json", "--ablate"};
    JsonNode answer = json(with(query, "conv1:3,6,conv1:1", "--example", 2)).get(0);
    assertThat(answer.path("columns").toString()).isEqualTo("[1,3,6]");
    assertThat(answer.path("effect").asDouble())
        .isCloseTo(models.effectOfAblating(1, 3, 6)[2], within(1e-12));
    assertThat(answer.path("interaction").asDouble())
        .isCloseTo(
            models.effectOfAblating(1, 3, 6)[2]
                - models.effectOfAblating(1)[2]
                - models.effectOfAblating(3)[2]
                - models.effectOfAblating(6)[2],
            within(1e-12));
    assertThat(json(with(query, "conv1"))).hasSize(4);
    assertThat(json(with(query, "conv1")).get(0).path("columns")).hasSize(5);
    fails(USAGE, "query", fits, "--ablate", "conv1")
        .contains("no model in this folder itself", "quadratic");
    assertThat(Cli.run(with(query, "conv1:5")).err()).contains("no such component", "conv1, conv2");
    assertThat(Cli.run(with(query, "13")).code()).isEqualTo(2);
    assertThat(Cli.run(with(query, "1", "--example", 4)).err()).contains("0 to 3");
  }
}
