package io.ablate.estimate;

import io.ablate.base.InterruptedRunException;
import io.ablate.base.Problem;
import io.ablate.base.Progress;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntFunction;

/** Independent pieces of work, one per example, on several threads. */
final class Parallel {
  private Parallel() {}

  /**
   * The results for 0 … count − 1, in order.
   *
   * @throws InterruptedRunException if the calling thread is interrupted
   */
  static <T> List<T> map(String stage, int count, FitContext context, IntFunction<T> work) {
    Progress progress = context.progress();
    AtomicInteger done = new AtomicInteger();
    List<Callable<T>> tasks = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      int item = i;
      tasks.add(
          () -> {
            T result = work.apply(item);
            synchronized (done) {
              progress.update(stage, done.incrementAndGet(), count);
            }
            return result;
          });
    }
    int threads = Math.max(1, Math.min(context.threads(), count));
    try (ExecutorService pool = Executors.newFixedThreadPool(threads)) {
      try {
        List<T> results = new ArrayList<>();
        for (Future<T> future : pool.invokeAll(tasks)) {
          results.add(future.get());
        }
        return results;
      } catch (InterruptedException e) {
        pool.shutdownNow();
        Thread.currentThread().interrupt();
        throw new InterruptedRunException(Problem.of("fit interrupted").at(stage), e);
      } catch (ExecutionException e) {
        if (e.getCause() instanceof RuntimeException fault) {
          throw fault;
        }
        throw new IllegalStateException(e.getCause());
      }
    }
  }
}
