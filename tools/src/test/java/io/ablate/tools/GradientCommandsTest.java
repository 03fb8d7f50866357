package io.ablate.tools;

import static io.ablate.tools.Cli.USAGE;
import static io.ablate.tools.Cli.fails;
import static io.ablate.tools.Cli.with;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import io.ablate.base.Json;
import io.ablate.base.NpyWriter;
import io.ablate.dataset.ComponentDataset;
import io.ablate.dataset.StoredGradients;
import io.ablate.estimate.GradientData;
import io.ablate.estimate.TrainingData;
import io.ablate.models.BundledModels;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Planning, collecting and merging gradient passes from the command line. */
class GradientCommandsTest extends SmallModelFixture {
  private static final List<String> ARRAYS =
      List.of(
          "masks.npy",
          "outputs.npy",
          "_completed.npy",
          "grad_outputs.npy",
          "grad_unablated.npy",
          "grad_sums.npy",
          "_grad_completed.npy");

  private Object[] job;

  @BeforeEach
  void nameTheJob() {
    job = new Object[] {model, "--data", data, "--examples", "0-2", "--batch", 8};
  }

  @Test
  void shouldPlanTheGradientPassesThatAreThenCounted() throws IOException {
    Object[] passes = {"--masks", 20, "--gradients", 8, "--soft", .2, "--json"};
    JsonNode plan = json("plan", passes);
    assertThat(plan.path("gradient_passes").asLong()).isEqualTo(27);
    assertThat(plan.path("gradient_cost").asDouble()).isPositive();
    assertThat(plan.path("gradient_seconds").asDouble()).isPositive();
    assertThat(plan.path("gradient_memory_bytes").asLong()).isPositive();
    JsonNode done = json("collect", with(passes, "--out", store));
    // Of 20 masks of 13 components 16 are different.
    assertThat(done.path("passes").asLong()).isEqualTo(3 * 16);
    assertThat(done.path("gradient_passes").asLong()).isEqualTo(27);
    long bytes = 0;
    for (String array : ARRAYS) {
      bytes += Files.size(store.resolve(array));
    }
    assertThat(plan.path("disk_bytes").asLong()).isCloseTo(bytes, within(1600L));
    assertThat(json("plan", with(passes, "--out", store)).path("gradient_passes").asLong())
        .isZero();
    try (ComponentDataset dataset = ComponentDataset.open(store)) {
      int[] rows = dataset.completedRows();
      TrainingData data = TrainingData.of(dataset, rows, 8);
      GradientData gradients = Objects.requireNonNull(data.gradients());
      assertThat(data.rows()).isEqualTo(20);
      assertThat(gradients.passes()).isEqualTo(8);
      assertThat(gradients.ablatedSum()).hasDimensions(3, Cli.COLUMNS);
      assertThat(TrainingData.of(dataset, rows, 0).gradients()).isNull();
    }
    assertThat(run("plan", "--masks", 0, "--gradients", 2).out())
        .containsPattern("gradient passes +9, worth .* passes each: .* of memory, .* of disk");
  }

  @Test
  void shouldStoreDerivativesThatFollowTheOutputs() {
    ok("collect", "--masks", 0, "--gradients", 6, "--soft", .5, "--out", store);
    try (ComponentDataset dataset = ComponentDataset.open(store)) {
      assertThat(dataset.rows()).isZero();
      assertThat(dataset.gradientSegmentEnds()).containsExactly(1, 2, 3, 4, 6);
      StoredGradients told = Objects.requireNonNull(dataset.gradients(6));
      for (int e = 0; e < 3; e++) {
        assertThat(told.outputs()[e]).doesNotContain(0.0).hasSize(6);
        assertThat(told.unablated()[e]).hasSize(Cli.COLUMNS).isNotEqualTo(new double[Cli.COLUMNS]);
        assertThat(told.hardSquares()[e]).isNotEqualTo(new double[Cli.COLUMNS]);
        assertThat(told.softSum()[e]).isNotEqualTo(new double[Cli.COLUMNS]);
      }
    }
  }

  @Test
  void shouldMergeGradientPassesWithTheRowsOfAnotherStore() throws IOException {
    ok("collect", "--masks", 20, "--gradients", 12, "--out", store);
    Path rows = temp.resolve("rows");
    Path first = temp.resolve("first");
    Path second = temp.resolve("second");
    ok("collect", "--masks", 20, "--out", rows);
    ok("collect", "--masks", 0, "--gradients", 4, "--out", first);
    ok("collect", "--masks", 0, "--gradients", 8, "--first-gradient", 4, "--out", second);
    Path merged = temp.resolve("merged");
    assertThat(Cli.ok("merge", second, rows, first, "--out", merged).out())
        .contains("rows 0 to 19, gradient passes 0 to 11");
    for (String file : ARRAYS) {
      assertThat(merged.resolve(file)).hasSameBinaryContentAs(store.resolve(file));
    }
    JsonNode gradients = Json.read(merged.resolve("manifest.json")).path("gradients");
    assertThat(gradients.path("passes").asInt()).isEqualTo(12);
    assertThat(
            json("collect", "--json", "--masks", 20, "--gradients", 12, "--resume", "--out", merged)
                .path("gradient_passes")
                .asInt(-1))
        .isZero();
  }

  @Test
  void shouldGiveTheOutputsThatOrdinaryPassesGiveUnderTheSameMasks() throws IOException {
    ok("collect", "--masks", 0, "--gradients", 16, "--out", store);
    Path file = temp.resolve("drawn.npy");
    StoredGradients told;
    try (ComponentDataset dataset = ComponentDataset.open(store)) {
      told = Objects.requireNonNull(dataset.gradients(16));
      NpyWriter.writeFloats(file, told.masks());
    }
    Path ordinary = temp.resolve("ordinary");
    ok("collect", "--masks-file", file, "--out", ordinary);
    try (ComponentDataset dataset = ComponentDataset.open(ordinary)) {
      double[][] outputs = dataset.outputs(dataset.completedRows());
      for (int e = 0; e < 3; e++) {
        assertThat(told.outputs()[e]).containsExactly(outputs[e], within(1e-5));
      }
    }
  }

  @Test
  void shouldCollectOnTheBundledModel() throws IOException {
    Path bundled = BundledModels.extract(BundledModels.DEFAULT, temp);
    Object[] options = {
      "collect",
      bundled,
      "--data",
      "bundled",
      "--examples",
      "0-1",
      "--masks",
      20,
      "--gradients",
      8,
      "--soft",
      .2,
      "--save",
      "none",
      "--json",
      "--out",
      store
    };
    JsonNode done = Cli.json(options);
    assertThat(done.path("gradient_passes").asInt()).isEqualTo(18);
    // An ordinary pass is part of it; on a quiet machine it is worth 2 to 3 of them, beside other
    // work anything.
    assertThat(done.path("gradient_cost").asDouble()).isBetween(1.0, 20.0);
    try (ComponentDataset dataset = ComponentDataset.open(store)) {
      StoredGradients told = Objects.requireNonNull(dataset.gradients(8));
      for (double[] example : told.unablated()) {
        double norm = 0;
        for (double derivative : example) {
          norm += derivative * derivative;
        }
        assertThat(norm).isPositive().isFinite();
      }
    }
  }

  @Test
  void shouldExplainWrongUsage() {
    refuse("--masks N", "--out", store);
    refuse("--masks 0", "--out", store, "--gradients", 2);
    refuse("1 or more", "--out", store, "--masks", 0);
    refuse("0 or more", "--out", store, "--masks", -1, "--gradients", 2);
    refuse("--gradients; expected 1 to", "--out", store, "--masks", 5, "--gradients", 0);
    refuse("give --gradients Q", "--out", store, "--masks", 5, "--soft", .5);
    refuse("from 0 to 1", "--out", store, "--masks", 5, "--gradients", 2, "--soft", 1.5);
    refuse(
        "impossible number",
        "--out",
        store,
        "--masks",
        5,
        "--gradients",
        2,
        "--first-gradient",
        -1);
    assertThat(store).doesNotExist();
  }

  private void refuse(String expected, Object... options) {
    fails(USAGE, line("collect", options)).contains(expected);
  }

  private void ok(String command, Object... options) {
    Cli.ok(line(command, options));
  }

  private JsonNode json(String command, Object... options) {
    return Cli.json(line(command, options));
  }

  private Cli.Outcome run(String command, Object... options) {
    return Cli.run(line(command, options));
  }

  private Object[] line(String command, Object... options) {
    return with(command, job, options);
  }
}
