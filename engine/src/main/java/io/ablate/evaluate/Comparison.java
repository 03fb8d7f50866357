package io.ablate.evaluate;

import io.ablate.base.InterruptedRunException;
import io.ablate.base.Problem;
import io.ablate.estimate.ComponentModels;
import io.ablate.estimate.Estimator;
import io.ablate.estimate.FitContext;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Fits every method on the first N rows for every N of a grid, and scores it on the held-out rows.
 * All but the wall-clock seconds is a pure function of data, methods, grid and seed.
 */
public final class Comparison {
  private Comparison() {}

  /**
   * A comparison with the models behind its last points.
   *
   * @param result for {@code compare.json}
   * @param finalModels by method, fitted on the largest sample size
   */
  public record Outcome(ComparisonResult result, Map<String, ComponentModels> finalModels) {}

  /**
   * Runs a comparison.
   *
   * @param samples ascending sample sizes; see {@link SampleGrid}
   * @param targets LDS targets
   * @throws io.ablate.base.UsageException if a size overlaps the held-out rows
   * @throws io.ablate.base.BadInputException if there are fewer rows than a size, or a fit fails
   * @throws InterruptedRunException if the thread is interrupted
   */
  public static Outcome run(
      ComparisonData data,
      List<Estimator> methods,
      int[] samples,
      double[] targets,
      FitContext context) {
    SampleGrid.requireAscending(samples);
    int largest = samples[samples.length - 1];
    data.requireSamples(largest);
    Bootstrap bootstrap = data.bootstrap(context.seed());
    List<PlannedFit> fits = PlannedFit.of(data, methods, samples);
    List<ScoredPoint> points = new ArrayList<>();
    Map<String, ComponentModels> finalModels = new LinkedHashMap<>();
    context.progress().update("fits", 0, fits.size());
    FitContext quiet = context.quiet();
    for (PlannedFit fit : fits) {
      if (Thread.currentThread().isInterrupted()) {
        throw new InterruptedRunException(Problem.of("comparison interrupted"));
      }
      PlannedFit.Outcome outcome = fit.run(data, bootstrap, quiet);
      points.add(outcome.scored());
      finalModels.put(fit.method().name(), outcome.models());
      context.progress().update("fits", points.size(), fits.size());
    }
    ComparisonResult result =
        CurveSummary.of(
            methods.stream().map(Estimator::name).toList(),
            samples,
            targets,
            new int[] {data.heldOutFrom(), data.heldOutTo()},
            context.seed(),
            points,
            data.linearityCeiling(largest, context));
    return new Outcome(result, finalModels);
  }
}
