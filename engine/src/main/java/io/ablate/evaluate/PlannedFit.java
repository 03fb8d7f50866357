package io.ablate.evaluate;

import io.ablate.estimate.ComponentModels;
import io.ablate.estimate.Costs;
import io.ablate.estimate.Estimator;
import io.ablate.estimate.FitContext;
import io.ablate.estimate.Spending;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.DoubleStream;
import org.jspecify.annotations.Nullable;

/**
 * One point of a curve to be: a method, and what of the data its budget buys.
 *
 * @param method what fits
 * @param spending what it may look at
 */
public record PlannedFit(Estimator method, Spending spending) {

  /**
   * A fit and its score.
   *
   * @param models what was fitted
   * @param scored the point of the curve
   */
  public record Outcome(ComponentModels models, ScoredPoint scored) {}

  /**
   * All points of a comparison, by ascending budget: the sample sizes, and before them what a few
   * gradient passes cost. Where two budgets buy the same, the first stands for both.
   *
   * @param samples ascending sample sizes; see {@link SampleGrid}
   */
  public static List<PlannedFit> of(ComparisonData data, List<Estimator> methods, int[] samples) {
    SampleGrid.requireAscending(samples);
    Costs costs = data.costs();
    List<PlannedFit> fits = new ArrayList<>();
    for (double budget : budgets(data.gradients(), samples)) {
      for (Estimator method : methods) {
        // Below the first sample size the curves are those of gradient methods only.
        method
            .spending(budget, costs)
            .filter(s -> budget >= samples[0] || s.gradientPasses() > 0)
            .map(s -> new PlannedFit(method, s))
            .filter(fit -> fits.stream().noneMatch(fit::repeats))
            .ifPresent(fits::add);
      }
    }
    return fits;
  }

  private boolean repeats(PlannedFit other) {
    return method.name().equals(other.method.name()) && spending.equals(other.spending);
  }

  private static double[] budgets(@Nullable GradientOffer offer, int[] samples) {
    DoubleStream sizes = Arrays.stream(samples).asDoubleStream();
    if (offer == null) {
      return sizes.toArray();
    }
    DoubleStream few =
        Arrays.stream(offer.passes())
            .mapToDouble(passes -> passes * offer.cost())
            .filter(cost -> cost < samples[0]);
    return DoubleStream.concat(few, sizes).sorted().toArray();
  }

  /**
   * Fits on what the spending buys and scores on the held-out rows. All but the wall-clock seconds
   * is a pure function of the arguments.
   *
   * @throws io.ablate.base.BadInputException if the fit fails
   */
  public Outcome run(ComparisonData data, Bootstrap bootstrap, FitContext context) {
    double savedBefore = context.shared().secondsSaved();
    long start = System.nanoTime();
    ComponentModels models = method.fit(data.bought(spending), context);
    // A method is charged for what another has found for it before.
    double fitSeconds =
        (System.nanoTime() - start) / 1e9 + context.shared().secondsSaved() - savedBefore;
    HeldOutScore score =
        HeldOutScore.of(models.predict(data.heldOutMasks()), data.heldOutOutputs(), bootstrap);
    double collecting = spending.passEquivalents() * data.secondsPerRow();
    CurvePoint point =
        new CurvePoint(
            models.method(),
            spending.rows(),
            spending.gradientPasses(),
            spending.passEquivalents(),
            Double.isNaN(collecting) ? null : collecting + fitSeconds,
            score.mean(),
            score.ci(),
            score.pearson(),
            fitSeconds,
            score.perExample());
    return new Outcome(models, new ScoredPoint(point, score.draws()));
  }
}
