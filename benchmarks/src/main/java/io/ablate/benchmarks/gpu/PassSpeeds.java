package io.ablate.benchmarks.gpu;

import io.ablate.benchmarks.Network;
import io.ablate.benchmarks.gpu.Results.Measurement;
import io.ablate.benchmarks.gpu.Results.Target;
import io.ablate.component.ComponentSet;
import io.ablate.cuda.CopiedBytes;
import io.ablate.forward.BatchOrder;
import io.ablate.forward.BatchShape;
import io.ablate.forward.ForwardBatch;
import io.ablate.forward.ForwardOptions;
import io.ablate.forward.ForwardSession;
import io.ablate.forward.Precision;
import io.ablate.instrument.InstrumentOptions;
import io.ablate.instrument.InstrumentedModel;
import io.ablate.instrument.Instrumenter;
import io.ablate.instrument.OutputFunction;
import io.ablate.mask.BernoulliMasks;
import io.ablate.mask.MaskMatrix;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Masked passes per second, new masks for every batch, in turns with passes of the same network of
 * which one component alone can be ablated: the plain forward pass, but for one multiplication, by
 * the same code. With them go the memory of a session and its batch, and what a batch copies.
 */
final class PassSpeeds implements AutoCloseable {
  /** Multiplications and additions of a plain, direct pass. */
  private static final Map<String, Double> GFLOP_PER_PASS =
      Map.of(
          "resnet8-cifar10", .025,
          "resnet18-cifar10", 1.11,
          "resnet50-random", 8.2,
          "vit-b16-random", 35.0);

  private static final double LEAST_OF_PLAIN = .9;
  private static final int MASKS = 64;

  /** What is measured: one network at one batch in one precision. */
  private record Case(Network network, Precision precision, int size, String what) {}

  private final ForwardSession session;
  private final ForwardBatch batch;
  private final MaskMatrix masks;
  private long next;

  private PassSpeeds(Place place, Case one, InstrumentedModel model) {
    ForwardOptions options = place.options(one.network().exampleShape()).with(one.precision());
    session = place.passes(model, options).open(model, options);
    try {
      batch = session.batch(BatchShape.of(BatchOrder.EXAMPLES, one.size()));
    } catch (RuntimeException e) {
      session.close();
      throw e;
    }
    masks = MaskMatrix.of(new BernoulliMasks(5, 0.9, model.components().size()), 0, MASKS);
    one.network().fill(batch, one.network().examples(one.size(), BatchOrder.EXAMPLES));
  }

  /** All networks, batches and precisions. */
  static void run(Bench bench) {
    bench.rates().measure();
    for (Sizes.Images images : bench.sizes().passes()) {
      for (String name : images.networks()) {
        bench.results().attempt(name, () -> run(bench, name, images.batches()));
        bench
            .results()
            .attempt(
                name + ", gradients",
                () ->
                    GradientSpeeds.run(
                        bench,
                        name,
                        images.batches(),
                        GFLOP_PER_PASS.getOrDefault(name, Double.NaN)));
      }
    }
  }

  private static void run(Bench bench, String name, List<Integer> batches) {
    Network network = Network.named(name);
    ComponentSet one = new ComponentSet(network.components().columns().subList(0, 1));
    InstrumentedModel first = instrumented(network, one);
    InstrumentedModel all = instrumented(network, network.components());
    double gflop = GFLOP_PER_PASS.getOrDefault(name, Double.NaN);
    List<Long> excess = new ArrayList<>();
    List<Precision> precisions = bench.place().precisions(all, network.exampleShape());
    if (precisions.isEmpty()) {
      throw new IllegalStateException("no precision in which its passes run there");
    }
    for (Precision precision : precisions) {
      double bound = bench.rates().products(precision) / gflop;
      for (int size : batches) {
        Case measured = new Case(network, precision, size, what(name, size, precision.label()));
        bench
            .results()
            .attempt(
                measured.what(), () -> excess.add(measure(bench, measured, first, all, bound)));
      }
    }
    if (bench.place().isDevice() && !excess.isEmpty()) {
      bench
          .results()
          .check(
              name + ", bytes copied per batch besides packed masks in and outputs out",
              0,
              () -> excess.stream().mapToLong(Long::longValue).max().orElseThrow());
    }
  }

  /** What the names of a case's rows begin with. */
  static String what(String network, int batch, String precision) {
    return "%s, batch %d, %s".formatted(network, batch, precision);
  }

  private static InstrumentedModel instrumented(Network network, ComponentSet components) {
    return Instrumenter.instrument(
        network.model(),
        components,
        InstrumentOptions.defaults().outputFunction(OutputFunction.MARGIN));
  }

  /**
   * Adds the rows of a case.
   *
   * @param first can ablate one component
   * @param all can ablate all
   * @param bound passes/s that products of matrices allow
   * @return by how many bytes a batch's copies differ from those that have to be
   */
  private static long measure(
      Bench bench, Case one, InstrumentedModel first, InstrumentedModel all, double bound) {
    List<Double> without = new ArrayList<>();
    List<Double> with = new ArrayList<>();
    long used = bench.memory().used();
    try (PassSpeeds masked = new PassSpeeds(bench.place(), one, all)) {
      masked.pass(); // allocates, copies the examples
      long memory = Math.max(0, bench.memory().used() - used);
      CopiedBytes before = CopiedBytes.now();
      masked.pass();
      CopiedBytes copied = CopiedBytes.now().since(before);
      try (PassSpeeds plain = new PassSpeeds(bench.place(), one, first)) {
        plain.pass();
        for (int round = 0; round < bench.sizes().rounds(); round++) {
          without.add(plain.rate(bench.sizes().seconds()));
          with.add(masked.rate(bench.sizes().seconds()));
        }
      }
      double best = Numbers.median(without);
      bench
          .results()
          .measured(
              new Measurement(
                      one.what() + ", plain",
                      best,
                      "passes/s",
                      "one filter can be ablated; at best: products of matrices")
                  .bound(bound));
      double rate = Numbers.median(with);
      bench
          .results()
          .measured(
              new Measurement(one.what() + ", masked", rate, "passes/s", "at best: plain")
                  .bound(best)
                  .detail("share of plain", rate / best)
                  .detail(Bench.MEMORY, memory * Bench.GB)
                  .detail("bytes to the device per batch", (double) copied.toDevices())
                  .detail("of them packed masks", (double) masked.maskBytes())
                  .detail("bytes from the device per batch", (double) copied.fromDevices())
                  .detail("of them outputs", (double) masked.outputBytes())
                  .target(Target.atLeast(LEAST_OF_PLAIN * best)));
      return Math.abs(copied.toDevices() - masked.maskBytes())
          + Math.abs(copied.fromDevices() - masked.outputBytes());
    }
  }

  private long maskBytes() {
    return (long) batch.shape().masks() * masks.wordsPerRow() * Long.BYTES;
  }

  private long outputBytes() {
    return (long) batch.shape().rows() * Float.BYTES;
  }

  private void pass() {
    for (int slot = 0; slot < batch.shape().masks(); slot++) {
      int row = (int) (next++ % masks.rows());
      batch.setMask(slot, masks.words(), row * masks.wordsPerRow());
    }
    batch.run();
  }

  private double rate(double seconds) {
    return Numbers.rate(this::pass, batch.shape().rows(), seconds);
  }

  @Override
  public void close() {
    batch.close();
    session.close();
  }
}
