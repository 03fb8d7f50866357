package io.ablate.dataset;

import io.ablate.base.AblateException;
import io.ablate.forward.BatchOrder;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.locks.LockSupport;

/** Collects in a process of its own, so that a test can kill it. */
public final class CollectProcess {
  static final int ROWS = 6000;

  private CollectProcess() {}

  /**
   * Starts a process that continues a store; it says "passes" when the first ones are done.
   *
   * @param wait whether it then waits for a line
   */
  static Process start(Path store, Path log, boolean wait) throws IOException {
    return new ProcessBuilder(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx256m",
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "--enable-native-access=ALL-UNNAMED",
                "--sun-misc-unsafe-memory-access=allow",
                "-cp",
                System.getProperty("java.class.path"),
                CollectProcess.class.getName(),
                store.toString(),
                wait ? "wait" : "go"))
        .redirectError(log.toFile())
        .start();
  }

  static CollectRequest request(Path store) {
    return StoreTesting.resumed(StoreTesting.request(store, 0, ROWS, BatchOrder.MASKS, 8));
  }

  public static void main(String[] arguments) {
    boolean[] told = {false};
    try {
      Collector.run(
          request(Path.of(arguments[0])),
          (stage, done, total) -> {
            if (!told[0]) {
              told[0] = true;
              System.out.println(stage);
              if (arguments[1].equals("wait")) {
                await();
              }
            }
            // Slows the run to seconds on any machine, so that kills hit it between its commits.
            LockSupport.parkNanos(500_000);
          });
    } catch (AblateException e) {
      System.err.println(e.getMessage());
      System.exit(e.exitCode());
    }
  }

  private static void await() {
    try {
      System.in.read();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
