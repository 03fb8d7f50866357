package io.ablate.benchmarks;

import io.ablate.forward.BatchOrder;
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
 * Masked forward passes, and forward and backward passes by the mask, of the bundled networks. For
 * the ratio use {@link GradientRatio}: JMH runs one benchmark after the other, and a machine's
 * speed drifts in between.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Fork(
    value = 1,
    jvmArgsAppend = {"-Xmx1g", "--enable-native-access=ALL-UNNAMED"})
@Warmup(iterations = 1, time = 5) // a batch of ResNet-18 takes seconds, forward and backward
@Measurement(iterations = 3, time = 10)
public class GradientBenchmark {
  @Param({"resnet8-cifar10", "resnet18-cifar10"})
  public String network = "resnet8-cifar10";

  @Param({"onednn-cpu", "onnxruntime-cpu"})
  public String backend = "onnxruntime-cpu";

  /** Gradient passes are collected in batches of at most 32. */
  @Param("32")
  public int batch;

  @Param("2")
  public int threads;

  @Param({"masks", "examples"})
  public String order = "masks";

  private @Nullable GradientPair pair;

  /** Passes per second: rows, where the score counts batches. */
  @State(Scope.Thread)
  @AuxCounters(AuxCounters.Type.OPERATIONS)
  public static class Counters {
    public long passes;
  }

  @Setup
  public void open() {
    pair = new GradientPair(network, backend, threads, batch, BatchOrder.of(order));
  }

  @TearDown
  public void close() {
    pair().close();
  }

  @Benchmark
  public void masked(Counters counters) {
    pair().runMasked();
    counters.passes += batch;
  }

  @Benchmark
  public void gradient(Counters counters) {
    pair().runGradient();
    counters.passes += batch;
  }

  private GradientPair pair() {
    return Objects.requireNonNull(pair);
  }
}
