package io.ablate.benchmarks;

import io.ablate.mask.BernoulliMasks;
import io.ablate.mask.MaskMatrix;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.AuxCounters;
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
import org.openjdk.jmh.annotations.Warmup;

/** Drawing masks: must be negligible beside the passes they are for. */
@State(Scope.Thread)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class MaskBenchmark {
  private static final int ROWS = 64;

  /** ResNet-8 and ResNet-18 on CIFAR-10, ResNet-50 on ImageNet. */
  @Param({"672", "4800", "22720"})
  public int columns;

  private BernoulliMasks design = new BernoulliMasks(1, 0.9, 1);
  private long next;

  /** Masks per second, beside the time for a batch of them. */
  @State(Scope.Thread)
  @AuxCounters(AuxCounters.Type.OPERATIONS)
  public static class Counters {
    public long masks;
  }

  @Setup(Level.Trial)
  public void checkDesign() {
    design = new BernoulliMasks(1, 0.9, columns);
    MaskMatrix sample = MaskMatrix.of(design, 0, 1000);
    long kept = 0;
    for (int row = 0; row < sample.rows(); row++) {
      kept += sample.kept(row);
    }
    double share = kept / (1000.0 * columns);
    // Six standard deviations of the mean.
    Check.that(
        Math.abs(share - 0.9) < 6 * Math.sqrt(0.09 / (1000.0 * columns)), "kept share " + share);
    Check.that(
        MaskMatrix.of(design, 700, 1).equals(sample.rows(700, 701)), "row 700 asked for alone");
  }

  @Benchmark
  public MaskMatrix bernoulli(Counters counters) {
    MaskMatrix batch = MaskMatrix.of(design, next, ROWS);
    next += ROWS;
    counters.masks += ROWS;
    return batch;
  }
}
