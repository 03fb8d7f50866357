package io.ablate.benchmarks.gpu;

import com.fasterxml.jackson.databind.JsonNode;
import io.ablate.backend.Devices;
import io.ablate.base.AblateException;
import io.ablate.base.Json;
import io.ablate.benchmarks.NumberOptions;
import io.ablate.benchmarks.gpu.Chain.Operation;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Verifies a device against the processor, then measures it, and writes one table. Exit code 5 if a
 * check fails. {@code tools/gpu-check} starts it.
 */
public final class GpuCheck {
  private static final int FAILED = 5;
  private static final String PRODUCTS = "matrix products, ";

  private GpuCheck() {}

  public static void main(String[] arguments) {
    try {
      NumberOptions options =
          new NumberOptions(
              arguments,
              Map.of("--threads", (double) Runtime.getRuntime().availableProcessors()),
              Map.of(
                  "--device", "cuda:0",
                  "--out", "gpu-check",
                  "--shared", "../shared",
                  "--peers", "none",
                  "--commit", "unknown",
                  "--verify", "all",
                  "--size", "full"));
      Place place = new Place(options.word("--device"), options.whole("--threads"));
      if (options.word("--verify").equals("none")) {
        return; // the place could be opened: nothing is missing
      }
      Results results = new Results(about(place, options.word("--commit")));
      boolean golden = verify(place, Path.of(options.word("--shared")), results);
      if (!golden) {
        System.err.println("        no golden outputs in " + options.word("--shared"));
      }
      // Numbers of what computes wrongly say nothing.
      if (results.passed()) {
        measure(place, options.word("--size").equals("small"), results);
        peers(options.word("--peers"), results);
      }
      Path out = Path.of(options.word("--out"));
      results.write(out);
      byte[] table = results.markdown().getBytes(StandardCharsets.UTF_8);
      System.out.write(table, 0, table.length);
      System.out.flush();
      System.err.println("table: " + out.resolve("gpu-check.md"));
      if (!results.passed()) {
        System.exit(FAILED);
      }
    } catch (AblateException e) {
      System.err.println("gpu-check: " + e.getMessage());
      System.exit(e.exitCode());
    }
  }

  private static Map<String, String> about(Place place, String commit) {
    Map<String, String> about = new LinkedHashMap<>();
    about.put("date", Instant.now().truncatedTo(ChronoUnit.SECONDS).toString());
    about.put("commit", commit);
    about.put(
        "device",
        place.isDevice()
            ? place.device()
                + " of "
                + Devices.providers().stream()
                    .flatMap(provider -> provider.devices().stream())
                    .toList()
            : "none: **nothing ran on a GPU**, other code of the processor stood in for it");
    about.put("java", Runtime.version() + ", " + place.threads() + " threads");
    return about;
  }

  /** Whether there were golden outputs. */
  static boolean verify(Place place, Path shared, Results results) {
    PassChecks.run(place, results);
    boolean golden = GoldenChecks.run(place, shared, results);
    FitChecks.run(place, FitChecks.METHODS, results);
    return golden;
  }

  static void measure(Place place, boolean small, Results results) {
    double gflops = roofline(place, small ? 512 : 8192, results);
    if (small) {
      PassSpeeds.run(place, List.of("resnet8-cifar10"), List.of(16), .1, gflops, results);
      FitSpeeds.run(place, 200, 300, 4, results);
      return;
    }
    List<String> small32 = List.of("resnet8-cifar10", "resnet18-cifar10");
    PassSpeeds.run(place, small32, List.of(64, 256, 1024), 1, gflops, results);
    List<String> large224 = List.of("resnet50-random", "vit-b16-random");
    PassSpeeds.run(place, large224, List.of(16, 64), 1, gflops, results);
    FitSpeeds.run(place, 4800, 1000, 100, results);
  }

  /** GFLOP/s of float32, which passes compute in. */
  private static double roofline(Place place, int side, Results results) {
    double flops = 2.0 * side * side * side * 1e-9;
    double bytes = 2.0 * Float.BYTES * side * side * 1e-9; // read once, written once
    best(results, "copying", bytes, "GB/s", new Chain(place, Operation.ADD, side, false, false));
    double rate =
        best(
            results,
            PRODUCTS + "float32",
            flops,
            "GFLOP/s",
            new Chain(place, Operation.PRODUCT, side, false, false));
    if (place.isDevice()) {
      for (boolean half : new boolean[] {false, true}) {
        best(
            results,
            PRODUCTS + (half ? "float16" : "TF32"),
            flops,
            "GFLOP/s",
            new Chain(place, Operation.PRODUCT, side, half, true));
      }
    }
    return rate;
  }

  private static double best(Results results, String what, double work, String unit, Chain chain) {
    double[] rate = {Double.NaN};
    results.attempt(
        what,
        () -> {
          rate[0] = work / chain.seconds();
          results.measure(what, rate[0], unit, Double.NaN, "what the machine can do");
        });
    return rate[0];
  }

  /** What other systems did on the same device, as their script wrote it. */
  private static void peers(String file, Results results) {
    if (file.equals("none") || !Files.isRegularFile(Path.of(file))) {
      return;
    }
    for (JsonNode peer : Json.read(Path.of(file))) {
      results.measure(
          peer.path("what").asText(),
          peer.path("value").asDouble(),
          peer.path("unit").asText(),
          Double.NaN,
          peer.path("note").asText());
    }
  }
}
