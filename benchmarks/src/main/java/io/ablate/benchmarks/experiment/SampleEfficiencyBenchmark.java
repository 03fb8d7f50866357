package io.ablate.benchmarks.experiment;

import io.ablate.backend.Backends;
import io.ablate.base.Progress;
import io.ablate.dataset.CollectRequest;
import io.ablate.estimate.Estimator;
import io.ablate.estimate.Estimators;
import io.ablate.estimate.FitContext;
import io.ablate.evaluate.Comparison;
import io.ablate.evaluate.ComparisonResult;
import io.ablate.evaluate.CurvePoint;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.AuxCounters;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * What methods make of fixed budgets, beside the time of their fits: mean LDS after 50, 200 and 800
 * pass equivalents, and the passes to targets, on four examples of the bundled network. The figures
 * are the same in every run; only the time is measured.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.SingleShotTime)
@OutputTimeUnit(TimeUnit.SECONDS)
@Fork(
    value = 1,
    jvmArgsAppend = {"-Xmx2g", "--enable-native-access=ALL-UNNAMED"})
@Warmup(iterations = 0)
@Measurement(iterations = 1) // counters are summed over iterations
public class SampleEfficiencyBenchmark {
  private static final int[] SAMPLES = {25, 50, 100, 200, 400, 800};

  @Param({
    "least-squares",
    "ridge",
    "relu",
    "hierarchical",
    "hierarchical-logits",
    "mask-gradient",
    "integrated-gradient",
    "gradient-hierarchical",
    "gradient-hierarchical-logits",
    "auto"
  })
  public String method = "ridge";

  private final SmallExperiment small = new SmallExperiment(SAMPLES);
  private @Nullable CellInputs inputs;

  /** Figures of the method; infinite where it never reaches a target. */
  @State(Scope.Thread)
  @AuxCounters(AuxCounters.Type.EVENTS)
  public static class Figures {
    public double lds50;
    public double lds200;
    public double lds800;
    public double passesToLds03;
    public double passesToLds05;
  }

  @Setup
  public void collect() {
    inputs =
        small.collect(
            CollectRequest.Settings.defaults(),
            stores ->
                new CellInputs(
                    small.experiment(),
                    SmallExperiment.OUTPUT,
                    stores.training(small.design()),
                    stores.heldOut(),
                    Map.of(),
                    stores.gradients(small.gradients(), small.design(), SmallExperiment.OUTPUT)));
  }

  @TearDown
  public void delete() {
    Objects.requireNonNull(inputs).close();
    small.close();
  }

  @Benchmark
  public ComparisonResult compare(Figures figures) {
    Estimator estimator = Estimators.byName(method);
    // EJML: the reference, the same on every machine.
    FitContext context =
        new FitContext(Backends.linearAlgebra("ejml", 1).backend(), 0, Progress.NONE);
    ComparisonResult result =
        Comparison.run(
                Objects.requireNonNull(inputs).data(),
                List.of(estimator),
                SAMPLES,
                new double[] {0.3, 0.5},
                context)
            .result();
    figures.lds50 = at(result, 50);
    figures.lds200 = at(result, 200);
    figures.lds800 = at(result, 800);
    figures.passesToLds03 = passes(result, "0.3");
    figures.passesToLds05 = passes(result, "0.5");
    return result;
  }

  /** The score of the last point that a budget pays for. */
  private double at(ComparisonResult result, double budget) {
    return result.curve(method).stream()
        .filter(point -> point.passEquivalents() <= budget)
        .mapToDouble(CurvePoint::ldsMean)
        .reduce(0, (before, last) -> last);
  }

  private double passes(ComparisonResult result, String target) {
    Map<String, @Nullable Double> needed =
        Objects.requireNonNull(result.samplesToTarget().get(method));
    @Nullable Double value = needed.get(target);
    return value == null ? Double.POSITIVE_INFINITY : value;
  }
}
