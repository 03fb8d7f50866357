package io.ablate.benchmarks.gpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.data.Percentage.withPercentage;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.ablate.backend.Devices;
import io.ablate.base.BadInputException;
import io.ablate.base.Json;
import io.ablate.base.UsageException;
import io.ablate.benchmarks.gpu.Results.Measurement;
import io.ablate.benchmarks.gpu.Results.Target;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The way of the check, without a device: other code of the processor stands in for one. */
class GpuCheckTest {
  private static final String NETWORKS = "training of ReLU networks, n = 200, m = 300, 4 examples";

  @TempDir private Path folder;

  private Results results() {
    return new Results(Map.of("device", "none"), folder);
  }

  private Results run(String parts, Path peers) {
    Results results = results();
    GpuCheck.run(
        new Place("cpu", 2),
        GpuCheck.options(
            "--device",
            "cpu",
            "--size",
            "small",
            "--parts",
            parts,
            "--out",
            folder.toString(),
            "--peers",
            peers.toString()),
        results);
    return results;
  }

  private Map<String, JsonNode> rows() {
    Map<String, JsonNode> rows = new LinkedHashMap<>();
    for (JsonNode row : Json.read(folder.resolve("gpu-check.json")).path("measurements")) {
      rows.put(row.path("what").asText(), row);
    }
    return rows;
  }

  private String table() throws IOException {
    return Files.readString(folder.resolve("gpu-check.md"));
  }

  @Test
  void shouldMeasureRatesPassesFitsAndWholeAttributions() throws IOException {
    Results results = run("whole,passes,fits", folder.resolve("none.py"));
    assertThat(results.passed()).isTrue();
    Map<String, JsonNode> rows = rows();
    assertThat(rows.keySet())
        .containsExactly(
            "memory, free at the start",
            "copying",
            "matrix products, float32",
            "resnet8-cifar10, batch 16, fp32, plain",
            "resnet8-cifar10, batch 16, fp32, masked",
            "resnet8-cifar10, batch 4, fp32, gradients",
            "least-squares, n = 200, m = 300, 4 examples",
            "ridge, n = 200, m = 300, 4 examples",
            NETWORKS + ", d = 32",
            "relu, n = 200, m = 300, 4 examples",
            "regression, n = 200, m = 2000, 100 examples",
            "whole, resnet8-cifar10, least-squares, 40 masks, n = 672, 4 examples",
            "whole, resnet8-cifar10, integrated-gradient, 4 gradient passes, n = 672, 4 examples");
    assertThat(rows.values()).allMatch(row -> row.path("value").asDouble() > 0);
    JsonNode masked = row("resnet8-cifar10, batch 16, fp32, masked");
    assertThat(masked.path("bound"))
        .isEqualTo(row("resnet8-cifar10, batch 16, fp32, plain").path("value"));
    // One mask of 672 bits for all examples of a batch; no copies where there is no device.
    assertThat(masked.path("details").path("of them packed masks").asDouble()).isEqualTo(88);
    assertThat(masked.path("details").path("of them outputs").asDouble()).isEqualTo(64);
    assertThat(masked.path("details").path("bytes to the device per batch").asDouble()).isZero();
    assertThat(table())
        .contains("| copying | ", "≤ 10.0: met", "B = 32", "memory, GB: ", "seconds of part fits");
  }

  private JsonNode row(String what) {
    return Objects.requireNonNull(rows().get(what), what);
  }

  /** Least time by whichever of products and memory takes more. */
  @Test
  void shouldBoundTheTrainingOfNetworks() {
    run("passes,fits", folder.resolve("none.py"));
    double copying = row("copying").path("value").asDouble() * 1e9;
    double products = row("matrix products, float32").path("value").asDouble() * 1e9;
    double steps = 10; // 300 rows by 32
    double bytes = steps * 28 * 200 * 32;
    double operations = 300.0 * 4 * 200 * 32;
    JsonNode row = row(NETWORKS + ", d = 32");
    assertThat(row.path("bound").asDouble())
        .isCloseTo(Math.min(copying / bytes, products / operations), withPercentage(1e-6));
    assertThat(row.path("target").path("limit").asDouble())
        .isCloseTo(.6 * row.path("bound").asDouble(), withPercentage(1e-6));
  }

  @Test
  void shouldKeepWhatAPeerMeasuredBeforeItFailed() throws IOException {
    assumeTrue(pythonIsHere(), "no python3");
    Path script = folder.resolve("peer.py");
    Files.writeString(
        script,
        """
        import json, sys
        row = {"what": "PyTorch, resnet8-cifar10, batch 16, fp32, plain", "value": 1e-3}
        row.update(unit="passes/s", note="slow", details={"seconds": 2})
        json.dump([row], open(sys.argv[sys.argv.index("--out") + 1], "w"))
        sys.exit(1)
        """);
    Results results = run("passes,peers", script);
    assertThat(results.passed()).isFalse();
    String ours = "resnet8-cifar10, batch 16, fp32, masked";
    double ratio =
        row(ours + " / PyTorch, resnet8-cifar10, batch 16, fp32, plain").path("value").asDouble();
    assertThat(ratio).isCloseTo(1000 * row(ours).path("value").asDouble(), withPercentage(1e-6));
    assertThat(table())
        .contains(
            "| 0.00100 | passes/s | – | – | – | slow; seconds: 2.00 |",
            "| part peers | – |  | – | – | – | **failed**: PyTorch's part failed: " + script);
  }

  @Test
  void shouldGoOnWithoutAPeer() throws IOException {
    assumeTrue(pythonIsHere(), "no python3");
    Path script = folder.resolve("peer.py");
    Files.writeString(script, "import sys\nsys.exit(3)\n");
    assertThat(run("peers", script).passed()).isTrue();
    assertThat(rows()).isEmpty();
  }

  private static boolean pythonIsHere() throws IOException {
    try {
      return new ProcessBuilder("python3", "-c", "").start().waitFor() == 0;
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    } catch (IOException e) {
      return false;
    }
  }

  @Test
  void shouldCompareFitsAndProducts() {
    Results results = results();
    FitChecks.run(new Place("cpu", 2), List.of("least-squares", "relu"), results);
    assertThat(results.passed()).isTrue();
    assertThat(results.markdown()).contains("| relu, LDS there and here | 0.00 |");
  }

  @Test
  void shouldFailWhereAnythingIsOffOrCannotBeDone() throws IOException {
    Results results = results();
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
    results.save();
    assertThat(table())
        .contains(
            "| near | 0.000100 | 0.00100 | ok |",
            "| far | 0.00200 | 0.00100 | **failed** |",
            "| no number | – | 0.00100 | **failed** |",
            "| broken | – | 0.00100 | **failed**: out of memory |");
    JsonNode json = Json.read(folder.resolve("gpu-check.json"));
    assertThat(json.path("passed").asBoolean(true)).isFalse();
    assertThat(json.path("checks")).hasSize(4);
  }

  @Test
  void shouldGoOnAfterAPartThatFailsAndSayItIsOff() throws IOException {
    Results results = results();
    results.part(
        "one",
        () -> {
          results.measured(new Measurement("done before", 2, "s", "").target(Target.atMost(1)));
          throw new IllegalArgumentException("no room\nat all");
        });
    assertThat(rows()).containsOnlyKeys("done before", "part one");
    results.part("two", () -> results.measured(new Measurement("after", 1, "GB/s", "")));
    assertThat(results.passed()).isFalse();
    assertThat(table())
        .contains(
            "| done before | 2.00 | s | – | – | ≤ 1.00: **not met** |  |",
            "| part one | – |  | – | – | – | **failed**: no room at all |",
            "| after | 1.00 | GB/s |");
  }

  /** A target that is missed is told, but nothing is wrong. */
  @Test
  void shouldPassWhereATargetIsMissed() {
    Results results = results();
    results.measured(new Measurement("slow", 2, "s", "").target(Target.atMost(1)));
    assertThat(results.passed()).isTrue();
    assertThat(results.markdown()).contains("**not met**");
  }

  @Test
  void shouldTakeSomeOfTheNetworks() {
    Sizes some = Sizes.FULL.only("vit-b16-random,resnet8-cifar10");
    assertThat(some.passes().stream().flatMap(images -> images.networks().stream()))
        .containsExactly("resnet8-cifar10", "vit-b16-random");
    assertThatThrownBy(() -> Sizes.SMALL.only("resnet9"))
        .isInstanceOf(UsageException.class)
        .hasMessage(
            "unknown network: --networks; expected all, or some of resnet8-cifar10, found"
                + " 'resnet9'");
  }

  @Test
  void shouldRefusePartsThatDoNotExist() {
    assertThat(Part.of("fits,agree")).containsExactly(Part.AGREE, Part.FITS);
    assertThatThrownBy(() -> Part.of("fits,speed"))
        .isInstanceOf(UsageException.class)
        .hasMessage(
            "unknown part: --parts; expected all, or some of contracts, agree, passes, fits, peers,"
                + " whole, found 'speed'");
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
