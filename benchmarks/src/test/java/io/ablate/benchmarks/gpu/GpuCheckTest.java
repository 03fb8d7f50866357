package io.ablate.benchmarks.gpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.ablate.backend.Devices;
import io.ablate.base.BadInputException;
import io.ablate.base.Json;
import io.ablate.base.UsageException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The way of the check, without a device: other code of the processor stands in for one. */
class GpuCheckTest {
  private final Results results = new Results(Map.of("device", "none"));

  private List<String> measured(Path folder) {
    results.write(folder);
    List<String> names = new ArrayList<>();
    for (JsonNode row : Json.read(folder.resolve("gpu-check.json")).path("measurements")) {
      assertThat(row.path("value").asDouble()).as(row.path("what").asText()).isPositive();
      names.add(row.path("what").asText());
    }
    return names;
  }

  @Test
  void shouldMeasureRooflinePassesAndFits(@TempDir Path folder) {
    GpuCheck.measure(new Place("cpu", 2), true, results);
    assertThat(measured(folder))
        .containsExactly(
            "copying",
            "matrix products, float32",
            "resnet8-cifar10, batch 16, plain",
            "resnet8-cifar10, batch 16, masked",
            "least-squares, n = 200, m = 300, 4 examples",
            "ridge, n = 200, m = 300, 4 examples",
            "relu, n = 200, m = 300, 4 examples");
    assertThat(folder.resolve("gpu-check.md")).content().contains("| copying | ", "passes/s");
  }

  @Test
  void shouldCompareFitsAndProducts() {
    FitChecks.run(new Place("cpu", 2), List.of("least-squares", "relu"), results);
    assertThat(results.passed()).isTrue();
    assertThat(results.markdown()).contains("| relu, LDS there and here | 0.00 |");
  }

  @Test
  void shouldFailWhereAnythingIsOffOrCannotBeDone(@TempDir Path folder) {
    results.check("near", 1e-3, () -> 1e-4);
    assertThat(results.passed()).isTrue();
    results.check("far", 1e-3, () -> 2e-3);
    assertThat(results.passed()).isFalse();
    results.check("no number", 1e-3, () -> Double.NaN);
    results.check(
        "broken",
        1e-3,
        () -> {
          throw new IllegalStateException("out of memory");
        });
    results.attempt(
        "too large",
        () -> {
          throw new IllegalStateException("no room");
        });
    results.write(folder);
    assertThat(folder.resolve("gpu-check.md"))
        .content()
        .contains(
            "| near | 0.000100 | 0.00100 | ok |",
            "| far | 0.00200 | 0.00100 | **failed** |",
            "| no number | – | 0.00100 | **failed** |",
            "| broken | – | 0.00100 | **failed**: out of memory |",
            "| too large | – |  | – | – | no room |");
    JsonNode json = Json.read(folder.resolve("gpu-check.json"));
    assertThat(json.path("passed").asBoolean(true)).isFalse();
    assertThat(json.path("checks")).hasSize(4);
  }

  @Test
  void shouldWantADeviceByName() {
    assertThatThrownBy(() -> new Place("auto", 1))
        .isInstanceOf(UsageException.class)
        .hasMessage(
            "a device has to be named: --device; expected cuda, cuda:INDEX or cpu, found auto");
    assumeTrue(
        Devices.providers().stream().allMatch(device -> device.whyUnusable().isPresent()),
        "a device is here");
    assertThatThrownBy(() -> new Place("cuda:0", 1))
        .isInstanceOf(BadInputException.class)
        .hasMessageStartingWith("device cuda:0 cannot be used: ");
  }
}
