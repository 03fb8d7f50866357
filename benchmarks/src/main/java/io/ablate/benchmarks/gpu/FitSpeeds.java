package io.ablate.benchmarks.gpu;

import io.ablate.benchmarks.Synthetic;
import io.ablate.estimate.Estimator;
import io.ablate.estimate.Estimators;
import java.util.List;

/** Fits per second on made-up outputs, examples fitted together. */
final class FitSpeeds {
  private static final List<String> METHODS = List.of("least-squares", "ridge", "relu");

  private FitSpeeds() {}

  /**
   * @param columns components, n
   * @param rows masks, m
   * @param examples fitted at once
   */
  static void run(Place place, int columns, int rows, int examples, Results results) {
    Synthetic data = new Synthetic(rows, columns, examples, 1);
    Synthetic few = new Synthetic(rows, columns, 1, 1);
    for (String method : METHODS) {
      String what = "%s, n = %d, m = %d, %d examples".formatted(method, columns, rows, examples);
      results.attempt(
          what,
          () -> {
            Estimator estimator = Estimators.byName(method);
            estimator.fit(few.data, place.context()); // compiles and loads
            long start = System.nanoTime();
            estimator.fit(data.data, place.context());
            double seconds = (System.nanoTime() - start) * 1e-9;
            results.measure(what, examples / seconds, "fits/s", Double.NaN, "one run");
          });
    }
  }
}
