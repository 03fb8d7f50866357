package io.ablate.benchmarks.gpu;

import com.fasterxml.jackson.databind.JsonNode;
import io.ablate.base.BadInputException;
import io.ablate.base.Json;
import io.ablate.base.Problem;
import io.ablate.benchmarks.gpu.Results.Measurement;
import io.ablate.benchmarks.gpu.Results.Target;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** PyTorch on the same device, by a script that writes a list; and ours beside it. */
final class Peers {
  /** Of which it was said that masked passes shall be no slower than PyTorch's plain ones. */
  private static final Set<String> AIMED = Set.of("resnet18-cifar10", "resnet50-random");

  private static final String HALF = "fp16";
  private static final String SINGLE = "fp32";

  /** Where Python is there without PyTorch or without its device. */
  private static final int MISSING = 3;

  private Peers() {}

  /**
   * Runs the script; rows that it wrote before it failed are kept.
   *
   * @param script {@code gpu.py}
   * @param options for it: how much to measure
   * @param out where the script's list and its messages go
   */
  static void run(Bench bench, Path script, List<String> options, Path out) {
    Path list = out.resolve("peers.json");
    List<String> command = new ArrayList<>(List.of("python3", script.toString()));
    command.addAll(List.of("--device", bench.place().device(), "--out", list.toString()));
    command.addAll(options);
    int exit = python(command, list, out.resolve("peers.log"));
    if (Files.isRegularFile(list)) {
      for (JsonNode row : Json.read(list)) {
        add(bench.results(), row);
      }
      besideOurs(bench);
    }
    if (exit == MISSING) {
      System.err.println("        no PyTorch for this device: not measured");
    } else if (exit != 0) {
      throw new BadInputException(
          Problem.of("PyTorch's part failed")
              .at(script)
              .found("exit code " + exit)
              .remedy("see " + out.resolve("peers.log")));
    }
  }

  private static int python(List<String> command, Path list, Path log) {
    try {
      Files.deleteIfExists(list);
      Files.createDirectories(log.toAbsolutePath().getParent());
      return new ProcessBuilder(command)
          .redirectErrorStream(true)
          .redirectOutput(log.toFile())
          .start()
          .waitFor();
    } catch (IOException e) {
      System.err.println("        " + e.getMessage());
      return MISSING;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted", e);
    }
  }

  private static void add(Results results, JsonNode row) {
    Measurement measurement =
        new Measurement(
            row.path("what").asText(),
            row.path("value").asDouble(),
            row.path("unit").asText(),
            row.path("note").asText());
    for (Map.Entry<String, JsonNode> detail : row.path("details").properties()) {
      measurement = measurement.detail(detail.getKey(), detail.getValue().asDouble());
    }
    results.measured(measurement);
  }

  /** Ratios of ours and theirs, where both were measured. */
  private static void besideOurs(Bench bench) {
    Results results = bench.results();
    String theirs = "PyTorch, ";
    compare(
        results,
        NetworkSpeeds.WHAT + " / PyTorch's",
        results.valueBeginning(NetworkSpeeds.WHAT),
        results.valueBeginning(theirs + NetworkSpeeds.WHAT),
        "by examples·epochs/s",
        null);
    compare(
        results,
        FitSpeeds.REGRESSION + " / PyTorch's",
        results.valueBeginning(theirs + FitSpeeds.REGRESSION),
        results.valueBeginning(FitSpeeds.REGRESSION),
        "PyTorch's seconds over ours",
        null);
    for (Sizes.Images images : bench.sizes().passes()) {
      for (String network : images.networks()) {
        for (int batch : images.batches()) {
          for (String precision : List.of(HALF, SINGLE)) {
            String what = PassSpeeds.what(network, batch, precision);
            ratio(
                results,
                what + ", masked",
                "PyTorch, " + what + ", plain",
                precision.equals(HALF) && AIMED.contains(network));
          }
        }
      }
    }
  }

  private static void ratio(Results results, String ours, String theirs, boolean aimed) {
    compare(
        results,
        ours + " / " + theirs,
        results.value(ours),
        results.value(theirs),
        "by passes/s",
        aimed ? Target.atLeast(1) : null);
  }

  private static void compare(
      Results results,
      String what,
      OptionalDouble over,
      OptionalDouble under,
      String note,
      @Nullable Target target) {
    if (over.isPresent() && under.isPresent()) {
      Measurement ratio = new Measurement(what, over.getAsDouble() / under.getAsDouble(), "", note);
      results.measured(target == null ? ratio : ratio.target(target));
    }
  }
}
