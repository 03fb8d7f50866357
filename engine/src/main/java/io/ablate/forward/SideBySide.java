package io.ablate.forward;

import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/** Pieces of work that run together again and again: the first here, each other on a thread. */
final class SideBySide implements AutoCloseable {
  private final List<Runnable> pieces;
  private final ExecutorService threads;

  SideBySide(List<Runnable> pieces) {
    this.pieces = pieces;
    this.threads =
        Executors.newFixedThreadPool(
            Math.max(1, pieces.size() - 1),
            Thread.ofPlatform().daemon().name("device-", 1).factory());
  }

  /**
   * Runs all pieces, and ends when all have ended.
   *
   * @throws RuntimeException of the first piece that failed
   */
  void run() {
    List<CompletableFuture<Void>> others =
        pieces.stream().skip(1).map(piece -> CompletableFuture.runAsync(piece, threads)).toList();
    RuntimeException failure = null;
    try {
      pieces.getFirst().run();
    } catch (RuntimeException e) {
      failure = e;
    }
    for (CompletableFuture<Void> other : others) {
      try {
        other.join();
      } catch (CompletionException e) {
        RuntimeException fault =
            e.getCause() instanceof RuntimeException cause ? cause : new IllegalStateException(e);
        failure = failure == null ? fault : failure;
      }
    }
    if (failure != null) {
      throw failure;
    }
  }

  @Override
  public void close() {
    threads.close();
  }
}
