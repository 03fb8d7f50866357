package io.ablate.benchmarks.experiment;

import com.sun.management.ThreadMXBean;
import io.ablate.benchmarks.Check;
import io.ablate.dataset.CollectRequest;
import io.ablate.forward.BatchOrder;
import io.ablate.forward.ForwardBackend;
import io.ablate.forward.ForwardBackendProvider;
import io.ablate.forward.ForwardBackends;
import io.ablate.nativelib.NativeAllocations;
import java.lang.management.ManagementFactory;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.AuxCounters;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * What a collection costs apart from time: passes, runs of the backend, bytes handed over, and what
 * Java allocates per pass. Compiled by the first compiler only, which removes no allocation: the
 * counts are the same in every run, and judged as such.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.SingleShotTime)
@OutputTimeUnit(TimeUnit.SECONDS)
@Fork(
    value = 1,
    jvmArgsAppend = {"-XX:TieredStopAtLevel=1", "-Xmx1g", "--enable-native-access=ALL-UNNAMED"})
@Warmup(iterations = 0)
@Measurement(iterations = 1) // counters are summed over iterations
public class CountBenchmark {
  private static final int FEW = 200;
  private static final int MANY = 600;
  private static final int BATCH = 64;

  private static final ThreadMXBean THREADS =
      ManagementFactory.getPlatformMXBean(ThreadMXBean.class);

  @Param({"onednn-cpu", "onnxruntime-cpu"})
  public String backend = "onnxruntime-cpu";

  /** Of the larger collection: {@value #MANY} masks and 16 gradient passes on four examples. */
  @State(Scope.Thread)
  @AuxCounters(AuxCounters.Type.EVENTS)
  public static class Counts {
    public long countForwardRuns;
    public long countForwardPasses;
    public long countGradientRuns;
    public long countGradientPasses;
    public long countScalePasses;
    public long countBytesHandedOver;
    public long countBytesAllocatedPerPass;
    public long countNativeAllocationsOfMorePasses;
  }

  @Benchmark
  public long collect(Counts counts) {
    collected(FEW); // loads the classes, and what else happens once
    Collected few = collected(FEW);
    Collected many = collected(MANY);
    CountingBackend counted = many.backend();
    long passes = counted.forwardRows.sum();
    Check.that(passes >= 4L * MANY, passes + " passes for 4 x " + MANY + " rows");
    counts.countForwardRuns = counted.forwardRuns.sum();
    counts.countForwardPasses = passes;
    counts.countGradientRuns = counted.gradientRuns.sum();
    counts.countGradientPasses = counted.gradientRows.sum();
    counts.countScalePasses = counted.scales.sum();
    counts.countBytesHandedOver = counted.copiedBytes.sum();
    // What more rows allocate, without what every collection does.
    counts.countBytesAllocatedPerPass =
        Math.round((double) (many.allocated() - few.allocated()) / (4L * (MANY - FEW)));
    counts.countNativeAllocationsOfMorePasses = many.nativeAllocations() - few.nativeAllocations();
    return passes;
  }

  private static ForwardBackend named(String name) {
    return ForwardBackends.providers().stream()
        .filter(provider -> provider.name().equals(name))
        .findFirst()
        .map(ForwardBackendProvider::create)
        .orElseThrow();
  }

  private record Collected(CountingBackend backend, long allocated, long nativeAllocations) {}

  private Collected collected(int rows) {
    CountingBackend counting = new CountingBackend(named(backend));
    CollectRequest.Settings settings =
        CollectRequest.Settings.defaults()
            .backend(counting, Map.of("chosen", backend))
            .threads(1)
            .batch(BatchOrder.MASKS, BATCH);
    try (SmallExperiment small = new SmallExperiment(new int[] {rows})) {
      long before = THREADS.getTotalThreadAllocatedBytes();
      long nativeBefore = NativeAllocations.count();
      small.collect(
          settings,
          stores -> {
            stores.training(small.design());
            return stores.gradients(small.gradients(), small.design(), SmallExperiment.OUTPUT);
          });
      return new Collected(
          counting,
          THREADS.getTotalThreadAllocatedBytes() - before,
          NativeAllocations.count() - nativeBefore);
    }
  }
}
