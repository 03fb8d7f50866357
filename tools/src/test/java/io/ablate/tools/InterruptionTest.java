package io.ablate.tools;

import static org.assertj.core.api.Assertions.assertThat;

import io.ablate.base.Json;
import io.ablate.base.NpyFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Isolated;

/** Ctrl-C and SIGTERM end a process in order. */
@DisabledOnOs(OS.WINDOWS)
@Isolated("interrupts within a time")
class InterruptionTest {
  private static final int ROWS = 200_000;

  @TempDir Path temp;

  @Test
  void shouldKeepWhatIsDoneAndSayHowToGoOn() throws Exception {
    Path store = temp.resolve("store");
    Path err = temp.resolve("err");
    Process process =
        start(
            err,
            "collect",
            Cli.model(temp, 1).toString(),
            "--data",
            Cli.data(temp, 4),
            "--examples",
            "0-3",
            "--masks",
            Integer.toString(ROWS),
            "--out",
            store.toString());
    try {
      waitForRows(process, store.resolve("_completed.npy"), err);
      process.destroy();
      assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
    } finally {
      process.destroyForcibly();
    }
    assertThat(process.exitValue()).as(Files.readString(err)).isEqualTo(4);
    assertThat(Files.readString(err))
        .contains("ablate: interrupted")
        .contains("rows are complete and kept")
        .contains("--resume");
    assertThat(Json.read(store.resolve("manifest.json")).at("/rows/count").asInt()).isEqualTo(ROWS);
  }

  private static void waitForRows(Process process, Path completed, Path err)
      throws IOException, InterruptedException {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(120);
    while (System.nanoTime() < deadline) {
      assertThat(process.isAlive()).as(Files.readString(err)).isTrue();
      if (Files.exists(completed)) {
        try (NpyFile npy = NpyFile.open(completed)) {
          if (Arrays.stream(npy.rows(0, 1000)).sum() > 0) {
            return;
          }
        }
      }
      Thread.sleep(50);
    }
    throw new AssertionError("no row was completed in time: " + Files.readString(err));
  }

  private static Process start(Path err, String... arguments) throws IOException {
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx512m",
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                System.getProperty("java.class.path"),
                Main.class.getName()));
    command.addAll(List.of(arguments));
    return new ProcessBuilder(command)
        .redirectError(err.toFile())
        .redirectOutput(ProcessBuilder.Redirect.DISCARD)
        .start();
  }
}
