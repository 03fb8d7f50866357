package io.ablate.benchmarks;

import io.ablate.backend.Backends;
import io.ablate.base.Progress;
import io.ablate.estimate.ComponentModels;
import io.ablate.estimate.Estimator;
import io.ablate.estimate.Estimators;
import io.ablate.estimate.FitContext;
import io.ablate.linalg.LinearAlgebra;
import java.util.concurrent.TimeUnit;
import org.hipparchus.stat.correlation.PearsonsCorrelation;
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
import org.openjdk.jmh.annotations.Warmup;

/** Fitting component models of many examples at once, by method and size. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.SingleShotTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Fork(
    value = 1,
    jvmArgsAppend = {"-Xmx4g", "--enable-native-access=ALL-UNNAMED"})
@Warmup(iterations = 2) // a fit takes seconds: the second call runs compiled code
@Measurement(iterations = 3)
public class FitBenchmark {
  @Param({"least-squares", "least-squares-saga", "ridge", "lasso"})
  public String method = "least-squares";

  @Param({"openblas", "ejml"})
  public String algebra = "ejml";

  @Param("672")
  public int columns;

  @Param({"400", "1600"})
  public int rows;

  @Param("10")
  public int examples;

  private Estimator estimator = Estimators.byName("least-squares");
  private LinearAlgebra backend = Backends.linearAlgebra("ejml", 1).backend();
  private Synthetic synthetic = new Synthetic(2, 1, 1, 0);

  @Setup
  public void checkFit() {
    estimator = Estimators.byName(method);
    backend = Backends.linearAlgebra(algebra, Runtime.getRuntime().availableProcessors()).backend();
    synthetic = new Synthetic(rows, columns, examples, 1);
    double[] found = fit().attributions()[0];
    double correlation = new PearsonsCorrelation().correlation(found, synthetic.effects[0]);
    // Fewer rows than components leave part of the effects unseen.
    double least = rows > 2 * columns ? 0.95 : 0.4 * Math.sqrt((double) rows / columns);
    Check.that(correlation > least, method + " correlates with the true effects by " + correlation);
  }

  @Benchmark
  public ComponentModels fit() {
    return estimator.fit(synthetic.data, new FitContext(backend, 1, Progress.NONE));
  }
}
