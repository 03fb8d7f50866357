package io.ablate.evaluate;

import io.ablate.base.InterruptedRunException;
import io.ablate.base.Problem;
import io.ablate.base.Progress;
import io.ablate.estimate.ComponentModels;
import io.ablate.estimate.Costs;
import io.ablate.estimate.Estimator;
import io.ablate.estimate.FitContext;
import io.ablate.estimate.LeastSquaresEstimator;
import io.ablate.estimate.Spending;
import io.ablate.estimate.TrainingData;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.DoubleStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Fits every method on the first N rows for every N of a grid, and scores it on the held-out rows.
 * All but the wall-clock seconds is a pure function of data, methods, grid and seed.
 */
public final class Comparison {
  private final ComparisonData data;
  private final int[] samples;
  private final double[] targets;
  private final FitContext context;
  private final Bootstrap bootstrap;
  private final List<CurvePoint> curves = new ArrayList<>();
  private final Map<String, List<double[]>> drawsOfMethod = new LinkedHashMap<>();
  private final Map<String, ComponentModels> finalModels = new LinkedHashMap<>();

  private Comparison(ComparisonData data, int[] samples, double[] targets, FitContext context) {
    this.data = data;
    this.samples = samples.clone();
    this.targets = targets.clone();
    this.context = context;
    this.bootstrap =
        new Bootstrap(
            data.data().examples(),
            data.heldOutTo() - data.heldOutFrom(),
            Bootstrap.DRAWS,
            context.seed());
  }

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
    data.requireSamples(samples[samples.length - 1]);
    Comparison comparison = new Comparison(data, samples, targets, context);
    comparison.fitAll(methods);
    return new Outcome(comparison.result(methods), comparison.finalModels);
  }

  private void fitAll(List<Estimator> methods) {
    double[][] truth = data.heldOutOutputs();
    Costs costs = data.costs();
    List<Fit> fits = new ArrayList<>();
    for (double budget : budgets()) {
      for (Estimator method : methods) {
        // Below the first sample size the curves are those of gradient methods only.
        method
            .spending(budget, costs)
            .filter(s -> budget >= samples[0] || s.gradientPasses() > 0)
            .filter(s -> fits.stream().noneMatch(f -> f.repeats(method, s)))
            .ifPresent(s -> fits.add(new Fit(method, s)));
      }
    }
    context.progress().update("fits", 0, fits.size());
    FitContext quiet =
        new FitContext(context.algebra(), context.seed(), Progress.NONE, context.threads());
    for (Fit fit : fits) {
      if (Thread.currentThread().isInterrupted()) {
        throw new InterruptedRunException(Problem.of("comparison interrupted"));
      }
      TrainingData bought = data.bought(fit.spending);
      long start = System.nanoTime();
      ComponentModels models = fit.method.fit(bought, quiet);
      double fitSeconds = (System.nanoTime() - start) / 1e9;
      score(models, fit.spending, fitSeconds, truth);
      finalModels.put(fit.method.name(), models);
      context.progress().update("fits", curves.size(), fits.size());
    }
  }

  /** One point of a curve to be. */
  private record Fit(Estimator method, Spending spending) {
    boolean repeats(Estimator other, Spending same) {
      return method.name().equals(other.name()) && spending.equals(same);
    }
  }

  /** The sample sizes, and before them what a few gradient passes cost. */
  private double[] budgets() {
    DoubleStream sizes = Arrays.stream(samples).asDoubleStream();
    GradientOffer offer = data.gradients();
    if (offer == null) {
      return sizes.toArray();
    }
    DoubleStream few =
        Arrays.stream(offer.passes())
            .mapToDouble(passes -> passes * offer.cost())
            .filter(cost -> cost < samples[0]);
    return DoubleStream.concat(few, sizes).sorted().toArray();
  }

  private void score(
      ComponentModels models, Spending spending, double fitSeconds, double[][] truth) {
    double[][] predicted = models.predict(data.heldOutMasks());
    double[] lds = Lds.spearman(predicted, truth);
    double[] draws = bootstrap.means(predicted, truth);
    drawsOfMethod.computeIfAbsent(models.method(), name -> new ArrayList<>()).add(draws);
    double collecting = spending.passEquivalents() * data.secondsPerRow();
    curves.add(
        new CurvePoint(
            models.method(),
            spending.rows(),
            spending.gradientPasses(),
            spending.passEquivalents(),
            Double.isNaN(collecting) ? null : collecting + fitSeconds,
            mean(lds),
            Bootstrap.interval(draws),
            mean(Lds.pearson(predicted, truth)),
            fitSeconds,
            lds));
  }

  private ComparisonResult result(List<Estimator> methods) {
    Map<String, Map<String, @Nullable Double>> reach = new TreeMap<>();
    Map<String, Map<String, @Nullable Double @Nullable []>> reachCi = new TreeMap<>();
    Map<String, Map<String, @Nullable Double>> hold = new TreeMap<>();
    Map<String, Map<String, @Nullable Double>> reduction = new TreeMap<>();
    Map<String, Map<String, @Nullable Double @Nullable []>> reductionCi = new TreeMap<>();
    List<String> names = methods.stream().map(Estimator::name).toList();
    for (String name : names) {
      for (double target : targets) {
        String key = Double.toString(target);
        double[] drawn = reachOfDraws(name, target);
        double needed = SamplesToTarget.reach(passes(name), means(name), target);
        put(reach, name, key, finiteOrNull(needed));
        put(reachCi, name, key, nullable(Bootstrap.interval(drawn)));
        put(hold, name, key, finiteOrNull(SamplesToTarget.hold(passes(name), means(name), target)));
        if (names.contains(LeastSquaresEstimator.NAME)
            && !name.equals(LeastSquaresEstimator.NAME)) {
          String baseline = LeastSquaresEstimator.NAME;
          double base = SamplesToTarget.reach(passes(baseline), means(baseline), target);
          put(reduction, name, key, finiteOrNull(SamplesToTarget.reduction(needed, base)));
          put(reductionCi, name, key, reductions(drawn, reachOfDraws(baseline, target)));
        }
      }
    }
    TrainingData independent = data.independentRows(samples[samples.length - 1]);
    LinearityCeiling ceiling =
        independent == null
            ? null
            : LinearityCeiling.of(independent, bootstrap, context.seed(), context.algebra());
    return new ComparisonResult(
        names,
        samples,
        targets,
        new int[] {data.heldOutFrom(), data.heldOutTo()},
        Bootstrap.DRAWS,
        context.seed(),
        curves.stream().sorted(Comparator.comparingInt(p -> names.indexOf(p.method()))).toList(),
        reach,
        reachCi,
        hold,
        reduction,
        reductionCi,
        ceiling,
        Map.of());
  }

  private double[] passes(String method) {
    return points(method).mapToDouble(CurvePoint::passEquivalents).toArray();
  }

  private double[] means(String method) {
    return points(method).mapToDouble(CurvePoint::ldsMean).toArray();
  }

  private Stream<CurvePoint> points(String method) {
    return curves.stream().filter(point -> point.method().equals(method));
  }

  private double[] reachOfDraws(String method, double target) {
    double[] passes = passes(method);
    List<double[]> byPoint = drawsOfMethod.getOrDefault(method, List.of());
    double[] needed = new double[Bootstrap.DRAWS];
    double[] curve = new double[passes.length];
    for (int draw = 0; draw < needed.length; draw++) {
      for (int s = 0; s < curve.length; s++) {
        curve[s] = byPoint.get(s)[draw];
      }
      needed[draw] = SamplesToTarget.reach(passes, curve, target);
    }
    return needed;
  }

  /**
   * The interval over draws in which either reaches the target; one that only the baseline fails to
   * reach bounds the reduction from above by 1, one that only the method fails from below.
   */
  private static @Nullable Double[] reductions(double[] needed, double[] baseline) {
    double[] values = new double[needed.length];
    int used = 0;
    for (int draw = 0; draw < needed.length; draw++) {
      boolean reached = !Double.isInfinite(needed[draw]);
      if (reached || !Double.isInfinite(baseline[draw])) {
        values[used++] = reached ? 1 - needed[draw] / baseline[draw] : Double.NEGATIVE_INFINITY;
      }
    }
    return used == 0
        ? new Double[] {null, null}
        : nullable(Bootstrap.interval(Arrays.copyOf(values, used)));
  }

  private static <V extends @Nullable Object> void put(
      Map<String, Map<String, @Nullable V>> table,
      String method,
      String target,
      @Nullable V value) {
    table.computeIfAbsent(method, name -> new TreeMap<>()).put(target, value);
  }

  private static @Nullable Double[] nullable(double[] interval) {
    return new @Nullable Double[] {finiteOrNull(interval[0]), finiteOrNull(interval[1])};
  }

  private static @Nullable Double finiteOrNull(double value) {
    return Double.isFinite(value) ? value : null;
  }

  private static double mean(double[] values) {
    return Arrays.stream(values).sum() / Math.max(1, values.length);
  }
}
