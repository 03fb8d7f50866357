package io.ablate.benchmarks.experiment;

import com.fasterxml.jackson.databind.PropertyNamingStrategies.SnakeCaseStrategy;
import com.fasterxml.jackson.databind.annotation.JsonNaming;
import io.ablate.backend.BackendReport;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * Where and how a result was computed.
 *
 * @param gitCommit of the code, with {@code -modified} where the tree was; {@code unknown} outside
 *     a checkout
 * @param cellCommits of the code that computed the cells: more than one where a run was resumed by
 *     newer code
 * @param command the command line
 * @param date when the result was written
 * @param processor its model
 * @param memoryBytes of the machine
 * @param threads used
 * @param backends libraries and Java, with their versions
 */
@JsonNaming(SnakeCaseStrategy.class)
record Provenance(
    String gitCommit,
    List<String> cellCommits,
    String command,
    String date,
    String processor,
    long memoryBytes,
    int threads,
    BackendReport backends) {

  static Provenance of(
      String commit, List<String> cellCommits, String command, int threads, BackendReport report) {
    long memory =
        ManagementFactory.getOperatingSystemMXBean()
                instanceof com.sun.management.OperatingSystemMXBean system
            ? system.getTotalMemorySize()
            : 0;
    return new Provenance(
        commit,
        cellCommits,
        command,
        Instant.now().truncatedTo(ChronoUnit.SECONDS).toString(),
        processorModel(),
        memory,
        threads,
        report);
  }

  /** The commit of the checkout that {@code folder} lies in. */
  static String commit(Path folder) {
    String commit = git(folder, "rev-parse", "HEAD");
    if (!commit.matches("[0-9a-f]{40,64}")) {
      return "unknown";
    }
    return git(folder, "status", "--porcelain", "--untracked-files=no").isEmpty()
        ? commit
        : commit + "-modified";
  }

  private static String git(Path folder, String... arguments) {
    ProcessBuilder builder = new ProcessBuilder("git", "-C", folder.toString());
    builder.command().addAll(List.of(arguments));
    builder.redirectError(ProcessBuilder.Redirect.DISCARD);
    try {
      Process process = builder.start();
      String text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      return process.waitFor(30, TimeUnit.SECONDS) && process.exitValue() == 0
          ? text.strip()
          : "failed";
    } catch (IOException e) {
      return "failed";
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return "failed";
    }
  }

  private static String processorModel() {
    try (var lines = Files.lines(Path.of("/proc/cpuinfo"))) {
      return lines
          .filter(line -> line.startsWith("model name"))
          .map(line -> line.substring(line.indexOf(':') + 1).strip())
          .findFirst()
          .orElse("unknown");
    } catch (IOException e) {
      return "unknown";
    }
  }
}
