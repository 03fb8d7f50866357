package io.ablate.benchmarks.experiment;

import io.ablate.benchmarks.Check;
import io.ablate.dataset.CollectRequest;
import io.ablate.dataset.ComponentDataset;
import io.ablate.forward.BatchOrder;
import io.ablate.mask.MaskMatrix;
import java.nio.file.Path;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
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
 * Writing a store, with passes that cost nothing, and reading it back: what collecting and fitting
 * spend on files. Four examples, masks of the bundled network, logits.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.SingleShotTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Fork(
    value = 1,
    jvmArgsAppend = {"-Xmx1g", "--enable-native-access=ALL-UNNAMED"})
@Warmup(iterations = 2)
@Measurement(iterations = 5)
public class StoreBenchmark {
  private static final int BATCH = 256;

  @Param("20000")
  public int rows;

  private @Nullable SmallExperiment small;
  private @Nullable SmallExperiment written;
  private @Nullable Path store;

  @Setup
  public void writeOnce() {
    SmallExperiment kept = new SmallExperiment(new int[] {rows});
    small = kept;
    store = write(kept);
    double sum = sumOfStored();
    double expected = 0;
    try (ComponentDataset data = ComponentDataset.open(store)) {
      MaskMatrix masks = data.masks(data.firstCompleted(rows));
      for (int row = 0; row < rows; row++) {
        expected += 4.0 * masks.kept(row);
      }
    }
    Check.that(sum == expected, "outputs sum to " + sum + " where " + expected + " was written");
  }

  @TearDown
  public void delete() {
    Objects.requireNonNull(small).close();
  }

  @Setup(Level.Iteration)
  public void freshFolder() {
    written = new SmallExperiment(new int[] {rows});
  }

  @TearDown(Level.Iteration)
  public void deleteWritten() {
    Objects.requireNonNull(written).close();
  }

  @Benchmark
  public Path write() {
    return write(Objects.requireNonNull(written));
  }

  @Benchmark
  public double read() {
    return sumOfStored();
  }

  private static Path write(SmallExperiment experiment) {
    CollectRequest.Settings settings =
        CollectRequest.Settings.defaults()
            .backend(new FreePasses(), Map.of("chosen", FreePasses.NAME))
            .threads(1)
            .batch(BatchOrder.MASKS, BATCH);
    return experiment.collect(settings, stores -> stores.training(experiment.design()));
  }

  private double sumOfStored() {
    try (ComponentDataset data = ComponentDataset.open(Objects.requireNonNull(store))) {
      int[] all = data.firstCompleted(rows);
      Objects.requireNonNull(data.logits(all));
      double sum = data.masks(all).kept(0) * 0.0;
      for (double[] example : data.outputs(all)) {
        for (double output : example) {
          sum += output;
        }
      }
      return sum;
    }
  }
}
