package io.ablate.tools;

import static io.ablate.tools.Cli.json;
import static io.ablate.tools.Cli.ok;
import static io.ablate.tools.Cli.with;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import io.ablate.base.Json;
import io.ablate.base.NpyWriter;
import io.ablate.dataset.ComponentDataset;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code plan}, {@code collect} and {@code merge}: from a model to a store. */
class CollectCommandTest extends SmallModelFixture {
  @Test
  void shouldPlanThePassesThatAreThenCounted() throws IOException {
    Object[] job = {model, "--data", data, "--examples", "0,2-3", "--masks", 50, "--json"};
    JsonNode plan = json(with("plan", job));
    JsonNode done = json(with("collect", job, "--out", store));
    // Of 50 masks of 13 components 26 are different.
    assertThat(plan.path("passes").asLong()).isEqualTo(3 * 26);
    assertThat(done.path("passes").asLong()).isEqualTo(3 * 26);
    assertThat(plan.path("scale_passes")).isEqualTo(done.path("scale_passes"));
    long bytes = 0;
    for (String array : List.of("masks.npy", "outputs.npy", "_completed.npy")) {
      bytes += Files.size(store.resolve(array));
    }
    assertThat(plan.path("disk_bytes").asLong()).isCloseTo(bytes, within(1000L));
    assertThat(json(with("plan", job, "--out", store)).path("passes").asLong()).isZero();
  }

  @Test
  void shouldCollectInPartsWhatOneRunCollects() throws IOException {
    Object[] job = {model, "--data", data, "--examples", "0-1", "--batch", 8, "--order", "masks"};
    ok(with("collect", job, "--masks", 60, "--out", store));
    ok(with("collect", job, "--masks", 24, "--out", temp.resolve("a")));
    ok(with("collect", job, "--masks", 36, "--first-row", 24, "--out", temp.resolve("b")));
    ok("merge", temp.resolve("b"), temp.resolve("a"), "--out", temp.resolve("merged"));
    for (String file : List.of("masks.npy", "outputs.npy", "_completed.npy", "manifest.json")) {
      assertThat(temp.resolve("merged").resolve(file)).hasSameBinaryContentAs(store.resolve(file));
    }
  }

  @Test
  void shouldTakeLabelsThatAreGivenPredictedOrNamed() {
    Object[] job = {model, "--data", data, "--examples", "0-3", "--masks", 4};
    assertThat(labels(with("collect", job), "given")).isEqualTo("[0,1,2,0]");
    assertThat(labels(with("collect", job), "2")).isEqualTo("[2,2,2,2]");
    assertThat(labels(with("collect", job), "predicted")).matches("\\[[012](,[012]){3}]");
  }

  @ParameterizedTest
  @ValueSource(strings = {"zero-output", "mean", "constant"})
  void shouldAblateOtherwiseWhereAsked(String ablation) throws IOException {
    Path constant = temp.resolve("constant.npy");
    NpyWriter.writeFloats(constant, new float[Cli.COLUMNS]);
    Object[] job = {model, "--data", data, "--examples", "0-1", "--masks", 9};
    ok(with("collect", job, "--out", store));
    Path other = temp.resolve("other");
    Object[] option =
        ablation.equals("constant")
            ? new Object[] {"--constant", constant}
            : ablation.equals("mean") ? new Object[] {"--reference", data} : new Object[0];
    ok(with(with("collect", job, "--out", other, "--ablation", ablation), option));
    assertThat(Json.read(other.resolve("manifest.json")).at("/instrument/ablation").asText())
        .isEqualTo(ablation);
    try (ComponentDataset a = ComponentDataset.open(store);
        ComponentDataset b = ComponentDataset.open(other)) {
      assertThat(b.masks(b.completedRows())).isEqualTo(a.masks(a.completedRows()));
      assertThat(b.outputs(b.completedRows())).isNotEqualTo(a.outputs(a.completedRows()));
    }
  }

  private String labels(Object[] job, String which) {
    Path folder = temp.resolve("labels-" + which);
    ok(with(job, "--out", folder, "--labels", which));
    return Json.read(folder.resolve("manifest.json")).at("/data/labels").toString();
  }
}
