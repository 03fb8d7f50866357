package io.ablate.tools;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Turns Ctrl-C and SIGTERM into an orderly end: the working thread is interrupted, finishes what it
 * holds and says how to go on; the process then exits with the command's own code.
 *
 * <p>A shutdown hook is the portable way to hear of both signals. While hooks run, {@code
 * System.exit} waits for them; the hook therefore halts the process itself.
 */
public final class Interruption {
  private static final long PATIENCE_SECONDS = 60;

  private static volatile boolean requested;

  private final CompletableFuture<Integer> result = new CompletableFuture<>();

  private Interruption() {}

  /** Whether this process was asked to end: whatever fails from then on fails because of it. */
  public static boolean requested() {
    return requested;
  }

  /** Has {@code worker} interrupted where the process is asked to end. */
  public static Interruption install(Thread worker) {
    Interruption interruption = new Interruption();
    Runtime.getRuntime()
        .addShutdownHook(new Thread(() -> interruption.shutDown(worker), "interruption"));
    return interruption;
  }

  /** The command has ended by itself. */
  public void finished(int code) {
    result.complete(code);
  }

  private void shutDown(Thread worker) {
    if (result.isDone()) {
      return;
    }
    requested = true;
    worker.interrupt();
    int code;
    try {
      code = result.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
    } catch (TimeoutException e) {
      System.err.println("ablate: did not stop within " + PATIENCE_SECONDS + " s, ending now");
      code = 4;
    } catch (ExecutionException | InterruptedException e) {
      code = 1;
    }
    System.out.flush();
    System.err.flush();
    Runtime.getRuntime().halt(code);
  }
}
