package io.ablate.openblas;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;

/**
 * Independent pieces of work, cut by size alone: the number of threads decides who computes a
 * piece, never what a piece is.
 */
final class Blocks {
  private final int threads;

  Blocks(int threads) {
    this.threads = threads;
  }

  /** Number of pieces of at most {@code size} that cover {@code length}. */
  static int count(int length, int size) {
    return Math.ceilDiv(length, size);
  }

  /** Calls {@code piece} with 0 … count − 1, on the calling thread and its helpers. */
  void run(int count, IntConsumer piece) {
    int helpers = Math.min(threads, count) - 1;
    AtomicInteger next = new AtomicInteger();
    AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();
    Runnable worker =
        () -> {
          try {
            for (int i = next.getAndIncrement(); i < count; i = next.getAndIncrement()) {
              piece.accept(i);
            }
          } catch (RuntimeException | Error e) {
            next.set(count);
            failure.compareAndSet(null, e);
          }
        };
    Thread[] started = new Thread[Math.max(0, helpers)];
    for (int t = 0; t < started.length; t++) {
      started[t] = Thread.ofPlatform().daemon().name("openblas-" + t).start(worker);
    }
    worker.run();
    for (Thread thread : started) {
      join(thread);
    }
    Throwable thrown = failure.get();
    if (thrown instanceof Error e) {
      throw e;
    }
    if (thrown instanceof RuntimeException e) {
      throw e;
    }
  }

  /** Native memory that the pieces use must not be freed before they end: interrupts wait. */
  private static void join(Thread thread) {
    boolean interrupted = false;
    while (true) {
      try {
        thread.join();
        break;
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
