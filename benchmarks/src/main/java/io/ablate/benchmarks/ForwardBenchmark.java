package io.ablate.benchmarks;

import ai.onnxruntime.OrtException;
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
 * Plain and masked passes of bundled networks. For the ratio use {@link MaskedRatio}: JMH runs one
 * benchmark after the other, and a machine's speed drifts in between.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Fork(
    value = 2,
    jvmArgsAppend = {"-Xmx1g", "--enable-native-access=ALL-UNNAMED"})
@Warmup(iterations = 2, time = 2) // ONNX Runtime sizes its arena in the first runs
@Measurement(iterations = 5, time = 2)
public class ForwardBenchmark {
  @Param("64")
  public int batch;

  @Param("2")
  public int threads;

  @Param({"resnet8-cifar10", "resnet18-cifar10"})
  public String model = "resnet8-cifar10";

  /** Of the masked passes; plain ones are ONNX Runtime's. */
  @Param({"onednn-cpu", "onnxruntime-cpu"})
  public String backend = "onnxruntime-cpu";

  @Param({"masks", "examples"})
  public String order = "masks";

  private @Nullable ForwardPair pair;

  /** Passes per second: rows, where the score counts batches. */
  @State(Scope.Thread)
  @AuxCounters(AuxCounters.Type.OPERATIONS)
  public static class Counters {
    public long passes;
  }

  @Setup
  public void open() throws OrtException {
    pair = new ForwardPair(model, backend, threads, batch, BatchOrder.of(order));
  }

  @TearDown
  public void close() throws OrtException {
    pair().close();
  }

  @Benchmark
  public void plain(Counters counters) throws OrtException {
    pair().plain.run();
    counters.passes += batch;
  }

  @Benchmark
  public void masked(Counters counters) {
    pair().runMasked();
    counters.passes += batch;
  }

  private ForwardPair pair() {
    return Objects.requireNonNull(pair);
  }
}
