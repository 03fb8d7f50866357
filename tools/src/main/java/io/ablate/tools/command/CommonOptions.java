package io.ablate.tools.command;

import io.ablate.backend.Devices;
import io.ablate.base.Problem;
import io.ablate.base.UsageException;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParseResult;

/** Options that every command takes. */
@Command(sortOptions = false)
final class CommonOptions {
  @Option(names = "--json", order = 90, description = "Write JSON to stdout.")
  boolean json;

  @Option(
      names = "--seed",
      order = 91,
      paramLabel = "N",
      defaultValue = "0",
      description = "Seed of everything drawn (default: 0).")
  long seed;

  @Option(
      names = "--threads",
      order = 92,
      paramLabel = "N",
      defaultValue = "0",
      description = "Threads to use (default: all processors). No result depends on it.")
  private int threads;

  @Option(
      names = "--device",
      order = 93,
      paramLabel = "NAME",
      defaultValue = "auto",
      description =
          "Where to compute: auto, cpu, cuda or cuda:INDEX (default: auto, which takes a GPU that can be"
              + " used, else the processor)."
              + " cuda takes the first GPU and all like it."
              + " Where cuda cannot be used, asking for it says what is missing.")
  private String device = "auto";

  @Option(
      names = "--verbose",
      order = 94,
      description = "Log more, and show where an error comes from.")
  boolean verbose;

  @Option(
      names = {"-h", "--help"},
      order = 95,
      usageHelp = true,
      description = "Show this help.")
  boolean help;

  int threads() {
    if (threads < 0) {
      throw new UsageException(
          Problem.of("wrong number of threads")
              .at("--threads")
              .expected("1 or more")
              .found(threads));
    }
    return threads == 0 ? Runtime.getRuntime().availableProcessors() : threads;
  }

  /** Where to compute, as {@link Backends#requireDevice} takes it. */
  String device() {
    return device;
  }

  /** Checks that the requested device is there: {@code auto} and {@code cpu} are. */
  void requireDevice() {
    Devices.require(device);
  }

  /** Checks that passes can run on the requested device. */
  void requirePasses() {
    Devices.requirePasses(device);
  }

  static boolean verbose(ParseResult parsed) {
    for (ParseResult level = parsed; level != null; level = level.subcommand()) {
      if (level.hasMatchedOption("--verbose")) {
        return true;
      }
    }
    return false;
  }

  /** The values of a comma-separated option, trimmed, without empty ones. */
  static List<String> list(String commaSeparated) {
    return java.util.Arrays.stream(commaSeparated.split(","))
        .map(String::strip)
        .filter(word -> !word.isEmpty())
        .toList();
  }
}
