package io.ablate.benchmarks;

import io.ablate.backend.Backends;
import io.ablate.base.AblateException;
import io.ablate.base.Json;
import io.ablate.base.Progress;
import io.ablate.estimate.ComponentModels;
import io.ablate.estimate.Estimator;
import io.ablate.estimate.Estimators;
import io.ablate.estimate.FitContext;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Seconds of one fit after one that does not count, and what the method says of it: one line of
 * JSON, for the scripts that compare with other systems.
 */
public final class Fit {
  private Fit() {}

  public static void main(String[] arguments) {
    try {
      NumberOptions options =
          new NumberOptions(
              arguments,
              Map.of("--columns", 4800.0, "--rows", 2000.0, "--examples", 16.0, "--threads", 2.0),
              Map.of("--method", "relu", "--algebra", Backends.AUTO));
      int threads = options.whole("--threads");
      Estimator estimator = Estimators.byName(options.word("--method"));
      FitContext context =
          new FitContext(
              Backends.linearAlgebra(options.word("--algebra"), threads).backend(),
              1,
              Progress.NONE,
              threads);
      // A few examples compile the code; all of them would double the wait.
      Synthetic few =
          new Synthetic(options.whole("--rows"), options.whole("--columns"), threads, 1);
      estimator.fit(few.data, context);
      Synthetic all =
          new Synthetic(
              options.whole("--rows"), options.whole("--columns"), options.whole("--examples"), 1);
      long start = System.nanoTime();
      ComponentModels models = estimator.fit(all.data, context);
      double seconds = (System.nanoTime() - start) * 1e-9;
      Map<String, Object> result = new LinkedHashMap<>();
      result.put("method", estimator.name());
      result.put("seconds", seconds);
      result.put("diagnostics", models.diagnostics());
      System.out.println(Json.write(result));
    } catch (AblateException e) {
      System.err.println("fit: " + e.getMessage());
      System.exit(e.exitCode());
    }
  }
}
