package io.ablate.benchmarks.gpu;

import io.ablate.backend.Devices;
import io.ablate.base.AblateException;
import io.ablate.benchmarks.NumberOptions;
import io.ablate.benchmarks.gpu.Results.Measurement;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Verifies a device against the processor, then measures it, and writes one table. Exit code 5 if a
 * check fails or something asked for could not be measured. {@code tools/gpu-check} starts it.
 */
public final class GpuCheck {
  private static final int FAILED = 5;

  private GpuCheck() {}

  static NumberOptions options(String... arguments) {
    return new NumberOptions(
        arguments,
        Map.of("--threads", (double) Runtime.getRuntime().availableProcessors()),
        Map.of(
            "--device", "cuda:0",
            "--out", "gpu-check",
            "--shared", "../shared",
            "--peers", "benchmarks/peers/gpu.py",
            "--commit", "unknown",
            "--parts", "all",
            "--networks", "all",
            "--contracts", "none",
            "--size", "full"));
  }

  public static void main(String[] arguments) {
    try {
      NumberOptions options = options(arguments);
      Place place = new Place(options.word("--device"), options.whole("--threads"));
      if (options.word("--parts").equals("none")) {
        return; // the place could be opened: nothing is missing
      }
      Path out = Path.of(options.word("--out"));
      Results results = new Results(about(place, options.word("--commit")), out);
      run(place, options, results);
      results.save();
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
    if (place.isDevice()) {
      Devices.providers().forEach(provider -> about.put("driver", provider.version()));
      about.put("linear algebra", place.algebraVersion());
    }
    about.put("java", Runtime.version() + ", " + place.threads() + " threads");
    return about;
  }

  /** All parts that the options name. */
  static void run(Place place, NumberOptions options, Results results) {
    Set<Part> parts = Part.of(options.word("--parts"));
    String size = options.word("--size");
    Path shared = Path.of(options.word("--shared"));
    Path peers = Path.of(options.word("--peers"));
    Path out = Path.of(options.word("--out"));
    try (MemoryMeter memory = MemoryMeter.of(place)) {
      String networks = options.word("--networks");
      Sizes sizes = (size.equals("small") ? Sizes.SMALL : Sizes.FULL).only(networks);
      Bench bench =
          new Bench(place, sizes, memory, new Rates(place, sizes.side(), results), results);
      for (Part part : parts) {
        results.part(
            part.label(),
            () -> {
              switch (part) {
                case CONTRACTS -> contracts(options.word("--contracts"), results);
                case AGREE -> agree(place, shared, results);
                case PASSES -> {
                  memory(bench);
                  PassSpeeds.run(bench);
                }
                case FITS -> FitSpeeds.run(bench);
                case PEERS ->
                    Peers.run(bench, peers, List.of("--size", size, "--networks", networks), out);
                case WHOLE -> WholeSpeeds.run(bench);
              }
            });
      }
    }
  }

  /** The outcome of the tests that ran before: they need a build, or the packed tests. */
  private static void contracts(String outcome, Results results) {
    if (!outcome.equals("none")) {
      results.check("the kernels' contracts", 0, () -> outcome.equals("passed") ? 0 : 1);
    }
  }

  private static void agree(Place place, Path shared, Results results) {
    PassChecks.run(place, results);
    if (!GoldenChecks.run(place, shared, results)) {
      System.err.println("        no golden outputs in " + shared);
    }
    FitChecks.run(place, FitChecks.METHODS, results);
  }

  private static void memory(Bench bench) {
    double total = bench.memory().total() * Bench.GB;
    double used = bench.memory().used() * Bench.GB;
    bench
        .results()
        .measured(
            new Measurement("memory, free at the start", total - used, "GB", "").bound(total));
  }
}
