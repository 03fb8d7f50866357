package io.ablate.tools;

import static io.ablate.tools.Cli.json;
import static io.ablate.tools.Cli.ok;
import static io.ablate.tools.Cli.with;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import io.ablate.base.Json;
import io.ablate.dataset.ComponentDataset;
import io.ablate.instrument.OutputFunction;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Stored logits: collected where a method wants them, any output derived from them. */
class LogitCommandsTest extends SmallModelFixture {
  @ParameterizedTest
  @ValueSource(strings = {"margin", "margin-logsumexp", "logit", "log-prob", "loss"})
  void shouldDeriveEveryOutputFromStoredLogits(String output) {
    Object[] job = {model, "--data", data, "--examples", "0-3", "--masks", 60};
    ok(with("collect", job, "--out", store, "--save", "activation-scale,logits"));
    Path direct = temp.resolve("direct");
    ok(with("collect", job, "--out", direct, "--output", output));
    int[] rows = IntStream.range(0, 60).toArray();
    try (ComponentDataset derived = ComponentDataset.open(store, OutputFunction.byLabel(output));
        ComponentDataset stored = ComponentDataset.open(direct)) {
      double[][] expected = stored.outputs(rows);
      double[][] found = derived.outputs(rows);
      for (int e = 0; e < 4; e++) {
        assertThat(found[e]).containsExactly(expected[e], within(1e-5));
      }
      assertThat(derived.output()).isEqualTo(stored.output());
      assertThat(derived.logitBytes(60)).isEqualTo(4L * 60 * 4 * Cli.CLASSES);
    }
    Path fit = temp.resolve("fit");
    Object[] request = {"fit", store, "--method", "ridge", "--samples", 40, "--device", "cpu"};
    ok(with(request, "--output", output, "--out", fit));
    JsonNode manifest = Json.read(fit.resolve("manifest.json"));
    assertThat(manifest.path("output").asText()).isEqualTo(output);
    assertThat(manifest.path("device").asText()).isEqualTo("cpu");
    assertThat(manifest.path("networks").asText()).isEqualTo("java");
    Object[] evaluate = {"evaluate", store, fit, "--json"};
    JsonNode scores = json(with(evaluate, "--output", output)).get(0);
    assertThat(scores.path("lds_mean").asDouble())
        .isCloseTo(
            json("evaluate", direct, fit, "--json").get(0).path("lds_mean").asDouble(),
            within(1e-9));
    Cli.Outcome plain = Cli.run(evaluate);
    if (output.equals("margin")) {
      assertThat(plain.code()).isZero();
    } else {
      assertThat(plain.code()).isEqualTo(3);
      assertThat(plain.err()).contains("another output", "--output " + output);
    }
    Path report = temp.resolve("report");
    ok(
        "compare",
        store,
        "--methods",
        "ridge",
        "--samples",
        "20,40",
        "--output",
        output,
        "--no-pictures",
        "--out",
        report);
    JsonNode compared = Json.read(report.resolve("compare.json"));
    assertThat(compared.at("/manifest/output").asText()).isEqualTo(output);
  }

  @Test
  void shouldCollectLogitsForAMethodThatWantsThem() {
    Object[] job = {model, "--data", data, "--examples", "0-3", "--held-out", 60, "--no-pictures"};
    Path report = temp.resolve("report");
    ok(
        with(
            with("compare", job, "--methods", "hierarchical,hierarchical-logits"),
            "--samples",
            "20,40",
            "--out",
            report));
    assertThat(report.resolve("store").resolve("logits.npy")).exists();
    JsonNode curves = Json.read(report.resolve("compare.json")).path("curves");
    assertThat(curves).hasSize(6);
    assertThat(curves.get(3).path("method").asText()).isEqualTo("hierarchical-logits");
    assertThat(curves.get(3).path("lds_mean")).isNotEqualTo(curves.get(0).path("lds_mean"));
  }

  @Test
  void shouldSayWhatIsMissingToDeriveAnOutput() throws IOException {
    Object[] job = {model, "--data", data, "--examples", "0-3", "--masks", 60};
    ok(with("collect", job, "--out", store));
    Object[] fit = {"fit", store, "--method", "ridge", "--out", temp.resolve("fit"), "--output"};
    Cli.Outcome outcome = Cli.run(with(fit, "loss"));
    assertThat(outcome.code()).isEqualTo(3);
    assertThat(outcome.err())
        .contains("output loss cannot be derived", "no logits", "--save activation-scale,logits");
    assertThat(Cli.run(with(fit, "losses")).code()).isEqualTo(2);
    Object[] compare = {"compare", store, "--methods", "hierarchical-logits", "--samples", "20,40"};
    assertThat(Cli.run(with(compare, "--no-pictures", "--out", temp.resolve("report"))).out())
        .contains("hierarchical-logits is hierarchical here: no logits");
    Object[] standard = {"compare", store, "--samples", "20,40", "--no-pictures", "--out"};
    assertThat(Cli.run(with(standard, temp.resolve("standard"))).out())
        .contains("Without models of logits: no logits", "Left out: hierarchical-logits.")
        .doesNotContain("is hierarchical here");
    ok(with(fit, "margin"));
    Path logits = temp.resolve("logits");
    ok(with("collect", job, "--out", logits, "--save", "logits"));
    Files.delete(logits.resolve("labels.npy"));
    fit[1] = logits;
    outcome = Cli.run(with(fit, "loss"));
    assertThat(outcome.code()).isEqualTo(3);
    assertThat(outcome.err()).contains("no labels", "labels.npy");
  }
}
