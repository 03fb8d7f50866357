package io.ablate.tools;

import static io.ablate.tools.Cli.BAD_INPUT;
import static io.ablate.tools.Cli.USAGE;
import static io.ablate.tools.Cli.fails;
import static io.ablate.tools.Cli.json;
import static io.ablate.tools.Cli.ok;
import static io.ablate.tools.Cli.with;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import io.ablate.base.Json;
import io.ablate.dataset.ComponentDataset;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What runs the passes: chosen, named, kept, refused. */
class BackendCommandsTest extends SmallModelFixture {
  @Test
  void shouldGoOnWithTheBackendOfAStore() throws IOException {
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
    ok(with(job, "--backend", "onnxruntime-cpu", "--out", store));
    // Unless a backend is named, a store goes on with its own.
    ok(with(job, "--resume", "--out", store));
    JsonNode backend = Json.read(store.resolve("manifest.json")).path("backend");
    assertThat(backend.path("name").asText()).isEqualTo("onnxruntime-cpu");
    assertThat(backend.at("/report/requested").asText()).isEqualTo("onnxruntime-cpu");

    ok(with(job, "--precision", "auto", "--out", temp.resolve("found")));
    JsonNode found = Json.read(temp.resolve("found/manifest.json"));
    assertThat(found.path("precision")).isEqualTo(found.at("/backend/report/precision/chosen"));
    assertThat(found.at("/backend/report/precision/reason").asText()).isNotBlank();
    // Continued, a store keeps its own.
    ok(with(job, "--resume", "--precision", "auto", "--out", temp.resolve("found")));
    ok(with(job, "--resume", "--out", temp.resolve("found")));

    ok(with(job, "--out", temp.resolve("auto")));
    JsonNode inspected = json("inspect", model, "--json");
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
      "examples",
      "--masks",
      12,
      "--gradients",
      2
    };
    String name = "onnxruntime-ffm-cpu";
    ok(with(job, "--backend", name, "--device", "cpu", "--out", temp.resolve(name)));
    ok(with(job, "--backend", "onnxruntime-cpu", "--out", temp.resolve("reference")));
    assertThat(Json.read(temp.resolve(name + "/manifest.json")).at("/backend/name").asText())
        .isEqualTo(name);
    for (String file : List.of("outputs.npy", "activation_scale.npy")) {
      assertThat(temp.resolve(name + "/" + file))
          .hasSameBinaryContentAs(temp.resolve("reference/" + file));
    }
    assertThat(Cli.run("inspect", model, "--backend", name).out())
        .containsPattern("passes by +" + name);

    Object[] elsewhere = {
      "--backend", "onnxruntime-cuda", "--device", "cpu", "--out", temp.resolve("no")
    };
    assertThat(Cli.run(with(job, elsewhere)).err())
        .contains(
            "backend onnxruntime-cuda runs on another device: --device; expected cuda, found cpu");
  }

  @Test
  void shouldRefuseABackendThatIsMissing() {
    fails(BAD_INPUT, "doctor", "--device", "cuda:9999")
        .contains("device cuda:9999 cannot be used:");
    Object[] fit = {"fit", temp.resolve("none"), "--method", "ridge", "--out", temp.resolve("fit")};
    fails(USAGE, with(fit, "--device", "cpu", "--linalg", "cuda"))
        .contains("linear algebra of a device, but not the device");
    fails(USAGE, "doctor", "--device", "abacus").contains("auto, cpu, cuda or cuda:INDEX");
    fails(USAGE, "doctor", "--fix", "everything").contains("--fix", "expected cuda");
    for (String precision : new String[] {"bf16", "fp16"}) {
      Object[] plan = {"plan", model, "--data", data, "--examples", "0", "--masks", 4};
      fails(BAD_INPUT, with(plan, "--backend", "onnxruntime-cpu", "--precision", precision))
          .contains(
              "onnxruntime-cpu cannot be used: no passes in " + precision, "use --precision fp32");
    }
    fails(BAD_INPUT, "inspect", model, "--device", "cpu", "--precision", "tf32")
        .contains(
            "no backend runs the model's passes in tf32 on device cpu",
            "use --precision auto to take what is there");
    fails(USAGE, "inspect", model, "--precision", "fp8")
        .contains("--precision; expected fp32, tf32, bf16, fp16, auto, found fp8");
  }
}
