package io.ablate.onednn;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;

/** The threads of a session: the caller's and helpers. Thread-safe. */
final class Workers implements AutoCloseable {
  private final int threads;
  private final @Nullable ExecutorService helpers;

  Workers(int threads) {
    this.threads = threads;
    this.helpers =
        threads == 1
            ? null
            : Executors.newFixedThreadPool(
                threads - 1, Thread.ofPlatform().daemon().name("onednn-", 0).factory());
  }

  int threads() {
    return threads;
  }

  /**
   * Runs lists of tasks: those of one list one after another, lists side by side. An operation
   * itself runs on one thread: on more, sums might be taken in another order.
   */
  void run(List<List<Runnable>> lists) {
    List<Future<?>> others = new ArrayList<>();
    try {
      for (List<Runnable> list : lists.subList(1, lists.size())) {
        others.add(Objects.requireNonNull(helpers).submit(() -> runAll(list)));
      }
      runAll(lists.getFirst());
    } finally {
      // Whatever happens: the memory of a batch must not go while a thread works on it.
      others.forEach(Workers::await);
    }
  }

  private static void runAll(List<Runnable> tasks) {
    OneDnn.useOneThread();
    tasks.forEach(Runnable::run);
  }

  private static void await(Future<?> other) {
    boolean interrupted = false;
    while (true) {
      try {
        other.get();
        break;
      } catch (InterruptedException e) {
        interrupted = true;
      } catch (ExecutionException e) {
        throw new IllegalStateException("a part of the batch failed", e.getCause());
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public void close() {
    if (helpers != null) {
      helpers.shutdown();
    }
  }
}
