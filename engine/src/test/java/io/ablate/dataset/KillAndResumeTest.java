package io.ablate.dataset;

import static io.ablate.dataset.StoreTesting.assertSameBytes;
import static org.assertj.core.api.Assertions.assertThat;

import io.ablate.base.Progress;
import io.ablate.forward.BatchOrder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class KillAndResumeTest {
  private static final int KILLS = 20;
  private static final long SEED = 20261122;

  @TempDir Path folder;

  @Test
  void shouldEndWithTheSameBytesAfterKillsAtAnyMoment() throws Exception {
    Path undisturbed = folder.resolve("undisturbed");
    Collector.run(
        StoreTesting.request(undisturbed, 0, CollectProcess.ROWS, BatchOrder.MASKS, 8),
        Progress.NONE);
    Path store = folder.resolve("store");
    SplittableRandom random = new SplittableRandom(SEED);
    int kills = 0;
    int completedBefore = 0;
    int withProgress = 0;
    while (kills < KILLS) {
      Process process = CollectProcess.start(store, folder.resolve("log"), false);
      // From the very start of the process to some moment within its passes.
      if (kills % 4 == 0) {
        Thread.sleep(random.nextLong(1, 900));
      } else {
        process.getInputStream().read();
        Thread.sleep(random.nextLong(1_000));
      }
      boolean running = process.isAlive();
      process.destroyForcibly().waitFor();
      kills++;
      int completed = completed(store);
      assertThat(completed).isGreaterThanOrEqualTo(completedBefore);
      withProgress += completed > completedBefore && running ? 1 : 0;
      if (completed == CollectProcess.ROWS) {
        // All done: the remaining kills start over. A lock that was left locks nothing.
        Files.deleteIfExists(store.resolve(".lock"));
        assertSameBytes(store, undisturbed);
        delete(store);
        completed = 0;
      }
      completedBefore = completed;
    }
    Process last = CollectProcess.start(store, folder.resolve("log"), false);
    assertThat(last.waitFor(120, TimeUnit.SECONDS)).isTrue();
    assertThat(last.exitValue()).as(Files.readString(folder.resolve("log"))).isZero();
    assertSameBytes(store, undisturbed);
    assertThat(withProgress).as("kills in the midst of passes").isPositive();
  }

  @Test
  void shouldKeepCompletedRowsWhenTheDiskRefusesMore() throws Exception {
    Path store = folder.resolve("store");
    Path log = folder.resolve("log");
    Process process = CollectProcess.start(store, log, true);
    process.getInputStream().read();
    // A limit on the size of files, set from outside, stands for a disk that fills up.
    long limit = Files.size(store.resolve("masks.npy")) * 3 / 4;
    int set;
    try {
      set =
          new ProcessBuilder("prlimit", "--pid", "" + process.pid(), "--fsize=" + limit)
              .redirectErrorStream(true)
              .start()
              .waitFor();
    } catch (IOException e) {
      process.destroyForcibly();
      Assumptions.abort("no prlimit on this system");
      return;
    }
    process.getOutputStream().close();
    assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
    Assumptions.assumeTrue(set == 0, "prlimit is not permitted");
    String message = Files.readString(log).strip();
    assertThat(process.exitValue()).as(message).isEqualTo(3);
    assertThat(message.lines()).hasSize(1);
    assertThat(message)
        .contains("cannot write file", store.toString(), "rows are complete and kept", "--resume");
    int completed = completed(store);
    assertThat(completed).isBetween(1, CollectProcess.ROWS - 1);
    assertThat(message).contains(completed + " of " + CollectProcess.ROWS);
    assertThat(Collector.run(CollectProcess.request(store), Progress.NONE).passes())
        .isEqualTo((long) (CollectProcess.ROWS - completed) * StoreTesting.EXAMPLES);
    Path whole = folder.resolve("whole");
    Collector.run(
        StoreTesting.request(whole, 0, CollectProcess.ROWS, BatchOrder.MASKS, 8), Progress.NONE);
    assertSameBytes(store, whole);
  }

  private static int completed(Path store) {
    if (!Files.exists(store.resolve("_completed.npy"))) {
      return 0;
    }
    try (ComponentDataset dataset = ComponentDataset.open(store)) {
      return dataset.completedRows().length;
    }
  }

  private static void delete(Path store) throws IOException {
    try (var files = Files.list(store)) {
      for (Path file : files.toList()) {
        Files.delete(file);
      }
    }
  }
}
