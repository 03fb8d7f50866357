package io.ablate.benchmarks.gpu;

import io.ablate.benchmarks.Check;
import io.ablate.benchmarks.gpu.Results.Measurement;
import io.ablate.benchmarks.gpu.Results.Target;
import io.ablate.estimate.ComponentModels;
import io.ablate.estimate.Estimator;
import io.ablate.estimate.Estimators;
import io.ablate.estimate.FitContext;
import java.util.Arrays;
import java.util.List;

/** Fits per second on made-up outputs, examples fitted together, by the estimators themselves. */
final class FitSpeeds {
  static final String REGRESSION = "regression";
  private static final List<String> METHODS = List.of("least-squares", "ridge");

  /** What the regression of many examples may take. */
  private static final double SECONDS = 10;

  private static final int PLANTED = 4;

  private FitSpeeds() {}

  static void run(Bench bench) {
    FitData few = new FitData(bench.sizes().few(), bench.sizes().few().columns() / 10);
    for (String method : METHODS) {
      fit(bench, method, bench.sizes().few(), few, "");
    }
    String networks = "relu, " + bench.sizes().networks();
    bench
        .results()
        .attempt(
            networks,
            () -> {
              Sizes.Fit size = bench.sizes().networks();
              FitData data = new FitData(size, size.columns() / 10);
              NetworkSpeeds.run(bench, data);
              fit(bench, "relu", size, data, "whole fits, early stopping included, 64 units");
            });
    String target = REGRESSION + ", " + bench.sizes().target();
    bench.results().attempt(target, () -> regressions(bench, target));
  }

  /** By whatever the device has for products; where that is a library, by our kernels too. */
  private static void regressions(Bench bench, String what) {
    FitData data = new FitData(bench.sizes().target(), PLANTED);
    Place place = bench.place();
    bench
        .results()
        .measured(regression(bench, data, place.context(), what).target(Target.atMost(SECONDS)));
    if (place.isDevice()) {
      String alone = what + ", our kernels alone";
      bench.results().measured(regression(bench, data, place.contextByKernels(), alone));
    }
  }

  private static void fit(Bench bench, String method, Sizes.Fit size, FitData data, String note) {
    String what = method + ", " + size;
    bench
        .results()
        .attempt(
            what,
            () -> {
              Estimator estimator = Estimators.byName(method);
              estimator.fit(data.first(), bench.place().context()); // compiles and loads
              ComponentModels[] fitted = new ComponentModels[1];
              long start = System.nanoTime();
              long memory =
                  bench
                      .memory()
                      .peak(() -> fitted[0] = estimator.fit(data.data, bench.place().context()));
              double seconds = (System.nanoTime() - start) * 1e-9;
              requireFinite(fitted[0].attributions());
              bench
                  .results()
                  .measured(
                      new Measurement(what, size.examples() / seconds, "fits/s", note)
                          .detail("seconds", seconds)
                          .detail(Bench.MEMORY, memory * Bench.GB));
            });
  }

  private static void requireFinite(double[][] attributions) {
    Check.that(
        Arrays.stream(attributions).flatMapToDouble(Arrays::stream).allMatch(Double::isFinite),
        "an attribution is no number");
  }

  /** The fit alone, copies included; masks and outputs are there before. */
  private static Measurement regression(
      Bench bench, FitData data, FitContext context, String what) {
    Estimator estimator = Estimators.byName("least-squares");
    estimator.fit(data.first(), context); // compiles and loads
    ComponentModels[] fitted = new ComponentModels[1];
    long start = System.nanoTime();
    long memory = bench.memory().peak(() -> fitted[0] = estimator.fit(data.data, context));
    double seconds = (System.nanoTime() - start) * 1e-9;
    data.requireEffects(fitted[0].attributions());
    return new Measurement(
            what,
            seconds,
            "s",
            "least squares in float64, masks and outputs in the host's memory before, copies"
                + " included")
        .detail("fits/s", data.data.examples() / seconds)
        .detail(Bench.MEMORY, memory * Bench.GB);
  }
}
