package io.ablate.tools;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import io.ablate.base.Json;
import io.ablate.dataset.ComponentDataset;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What runs the passes: chosen, named, kept. */
class BackendCommandsTest {
  @TempDir Path temp;

  @Test
  void shouldGoOnWithTheBackendOfAStore() throws IOException {
    Path model = Cli.model(temp, 1);
    String data = Cli.data(temp, 4);
    Path store = temp.resolve("store");
    Object[] job = {
      "collect",
      model,
      "--data",
      data,
      "--examples",
      "0-1",
      "--batch",
      8,
      "--order",
      "masks",
      "--masks",
      20
    };
    ok(job, "--backend", "onnxruntime-cpu", "--out", store);
    // Unless a backend is named, a store goes on with its own.
    ok(job, "--resume", "--out", store);
    JsonNode backend = Json.read(store.resolve("manifest.json")).path("backend");
    assertThat(backend.path("name").asText()).isEqualTo("onnxruntime-cpu");
    assertThat(backend.at("/report/requested").asText()).isEqualTo("onnxruntime-cpu");

    ok(job, "--precision", "auto", "--out", temp.resolve("found"));
    JsonNode found = Json.read(temp.resolve("found/manifest.json"));
    assertThat(found.path("precision")).isEqualTo(found.at("/backend/report/precision/chosen"));
    assertThat(found.at("/backend/report/precision/reason").asText()).isNotBlank();
    // Continued, a store keeps its own.
    ok(job, "--resume", "--precision", "auto", "--out", temp.resolve("found"));
    ok(job, "--resume", "--out", temp.resolve("found"));

    ok(job, "--out", temp.resolve("auto"));
    JsonNode inspected = Json.mapper().readTree(Cli.run("inspect", model, "--json").out());
    assertThat(Json.read(temp.resolve("auto/manifest.json")).at("/backend/name"))
        .isEqualTo(inspected.path("backend"));
    assertThat(Cli.run("inspect", model).out())
        .contains("passes by", inspected.path("backend").asText());
    try (ComponentDataset one = ComponentDataset.open(store);
        ComponentDataset other = ComponentDataset.open(temp.resolve("auto"))) {
      double[][] expected = one.outputs(one.completedBetween(0, 20));
      double[][] outputs = other.outputs(other.completedBetween(0, 20));
      for (int e = 0; e < expected.length; e++) {
        assertThat(outputs[e]).containsExactly(expected[e], within(1e-4));
      }
    }
  }

  /** By name only, with the bits of the reference; a device that is not there stops before work. */
  @Test
  void shouldRunPassesThroughTheForeignInterface() throws IOException {
    Path model = Cli.model(temp, 1);
    Object[] job = {
      "collect",
      model,
      "--data",
      Cli.data(temp, 4),
      "--examples",
      "0-1",
      "--batch",
      8,
      "--order",
      "examples",
      "--masks",
      12,
      "--gradients",
      2
    };
    String name = "onnxruntime-ffm-cpu";
    ok(job, "--backend", name, "--device", "cpu", "--out", temp.resolve(name));
    ok(job, "--backend", "onnxruntime-cpu", "--out", temp.resolve("reference"));
    assertThat(Json.read(temp.resolve(name + "/manifest.json")).at("/backend/name").asText())
        .isEqualTo(name);
    for (String file : List.of("outputs.npy", "activation_scale.npy")) {
      assertThat(temp.resolve(name + "/" + file))
          .hasSameBinaryContentAs(temp.resolve("reference/" + file));
    }
    assertThat(Cli.run("inspect", model, "--backend", name).out())
        .containsPattern("passes by +" + name);

    List<Object> elsewhere = new ArrayList<>(List.of(job));
    elsewhere.addAll(
        List.of("--backend", "onnxruntime-cuda", "--device", "cpu", "--out", temp.resolve("no")));
    assertThat(Cli.run(elsewhere.toArray()).err())
        .contains(
            "backend onnxruntime-cuda runs on another device: --device; expected cuda, found cpu");
  }

  private static void ok(Object[] job, Object... more) {
    List<Object> all = new ArrayList<>(List.of(job));
    all.addAll(List.of(more));
    Cli.Outcome outcome = Cli.run(all.toArray());
    assertThat(outcome.code()).as(outcome.err()).isZero();
  }
}
