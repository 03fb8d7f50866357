package io.ablate.tools;

import static io.ablate.tools.Cli.json;
import static io.ablate.tools.Cli.ok;
import static io.ablate.tools.Cli.with;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import io.ablate.base.Json;
import io.ablate.dataset.ComponentDataset;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** {@code compare}, from a model or a store to the report. */
class CompareCommandTest extends SmallModelFixture {
  @Test
  void shouldCompareFromTheModelToTheReport() throws IOException {
    Path out = temp.resolve("report");
    Object[] job = {
      model,
      "--data",
      data,
      "--examples",
      "0-2",
      "--methods",
      "ridge,least-squares",
      "--samples",
      "16,64",
      "--held-out",
      50,
      "--out",
      out
    };
    Cli.Outcome first = Cli.run(with("compare", job));
    assertThat(first.code()).as(first.err()).isZero();
    assertThat(first.out()).contains("Ablated forward passes per example needed", "LDS", "COAR");
    JsonNode comparison = Json.read(out.resolve("compare.json"));
    assertThat(comparison.path("samples").toString()).isEqualTo("[16,23,32,45,64]");
    assertThat(comparison.path("curves")).hasSize(10);
    assertThat(comparison.at("/manifest/collected/rows/count").asInt()).isEqualTo(114);
    assertThat(comparison.at("/manifest/backends/roles").findValuesAsText("name"))
        .contains("forward", "linear-algebra", "networks");
    String html = Files.readString(out.resolve("report.html"));
    // One series per method in each of two charts: passes and seconds.
    assertThat(Pattern.compile("data-method=").matcher(html).results()).hasSize(4);
    assertThat(out.resolve("lds-vs-seconds.svg")).exists();
    assertThat(Pattern.compile("<article").matcher(html).results()).hasSize(3);
    assertThat(Files.readAllLines(out.resolve("curves.csv"))).hasSize(11);
    assertThat(out.resolve("lds-vs-samples.svg")).exists();
    // Once more: everything is there already, and the same figures come out.
    JsonNode again = json(with("compare", job, "--json"));
    assertThat(again.at("/manifest/passes_of_this_run").asInt(-1)).isZero();
    assertThat(again.path("samples_to_target")).isEqualTo(comparison.path("samples_to_target"));
  }

  @Test
  void shouldCompareAStoreAndLetItsScoresBeRecomputed() throws IOException {
    ok("collect", model, "--data", data, "--examples", "0-3", "--masks", 200, "--out", store);
    JsonNode comparison =
        json(
            "compare",
            store,
            "--methods",
            "least-squares,ridge",
            "--samples",
            "32,64",
            "--held-out",
            100,
            "--out",
            temp.resolve("report"),
            "--json");
    for (JsonNode point : comparison.path("curves")) {
      Path fit = temp.resolve(point.path("method").asText() + point.path("samples"));
      ok(
          "fit",
          store,
          "--method",
          point.path("method").asText(),
          "--samples",
          point.path("samples"),
          "--out",
          fit);
      JsonNode scores = json("evaluate", store, fit, "--test-rows", "100:200", "--json").get(0);
      assertThat(scores.path("lds_mean").asDouble())
          .isCloseTo(point.path("lds_mean").asDouble(), within(1e-4));
    }
  }

  @Test
  void shouldJudgeEveryDesignByTheSameIndependentMasks() throws IOException {
    Object[] job = {
      model,
      "--data",
      data,
      "--examples",
      "0-1",
      "--keep",
      .8,
      "--methods",
      "ridge",
      "--held-out",
      40,
      "--batch",
      8,
      "--order",
      "masks"
    };
    double[][] expected = null;
    for (String design : List.of("bernoulli", "fixed-size", "block-balanced", "leave-one-out")) {
      Path out = temp.resolve(design);
      Object[] words = with("compare", job, "--samples", 14, "--design", design, "--out", out);
      JsonNode result = json(with(words, "--json"));
      assertThat(result.path("held_out_rows").toString()).isEqualTo("[14,54]");
      assertThat(result.at("/manifest/collected/masks/design").asText()).isEqualTo(design);
      assertThat(result.at("/manifest/collected/masks/held_out/from").asInt(-1))
          .isEqualTo(design.equals("bernoulli") ? -1 : 14);
      assertThat(json(with(words, "--json")).at("/manifest/passes_of_this_run").asInt(-1)).isZero();
      Path collected = out.resolve("store");
      try (ComponentDataset dataset = ComponentDataset.open(collected)) {
        double[][] outputs = dataset.outputs(dataset.completedBetween(14, 54));
        expected = expected == null ? outputs : expected;
        assertThat(outputs).isDeepEqualTo(expected);
      }
      // The store says which of its rows are held out.
      JsonNode again =
          json(
              "compare",
              collected,
              "--methods",
              "ridge",
              "--samples",
              14,
              "--held-out",
              40,
              "--out",
              temp.resolve("again"),
              "--json");
      assertThat(again.at("/curves/0/lds_mean")).isEqualTo(result.at("/curves/0/lds_mean"));
      assertThat(again.path("linearity_ceiling")).isEqualTo(result.path("linearity_ceiling"));
    }
    assertThat(Files.readString(temp.resolve("block-balanced").resolve("report.html")))
        .contains("block-balanced masks, keep 0.8")
        .contains("are independent draws")
        .contains("held-out (design bernoulli, from 14,");
  }

  @Test
  void shouldSayThatAStoreHasNoIndependentMasks() {
    ok(
        with(
            "collect",
            new Object[] {model, "--data", data, "--examples", "0", "--masks", 60},
            "--keep",
            .8,
            "--design",
            "fixed-size",
            "--out",
            store));
    Object[] compare = {store, "--methods", "ridge", "--samples", 20, "--out", temp.resolve("r")};
    Cli.Outcome outcome = Cli.run(with("compare", compare));
    assertThat(outcome.code()).as(outcome.err()).isZero();
    assertThat(outcome.out()).contains("All masks of this store are fixed-size");
    assertThat(json(with("compare", compare, "--json")).path("linearity_ceiling").isNull())
        .isTrue();
  }
}
