package io.ablate.benchmarks.gpu;

import io.ablate.benchmarks.Network;
import io.ablate.benchmarks.gpu.Results.Measurement;
import io.ablate.differentiate.DifferentiatedModel;
import io.ablate.differentiate.MaskGradients;
import io.ablate.forward.BatchOrder;
import io.ablate.forward.ForwardOptions;
import io.ablate.forward.GradientBatch;
import io.ablate.forward.GradientSession;
import io.ablate.forward.Precision;
import io.ablate.instrument.InstrumentedModel;
import io.ablate.instrument.OutputFunction;
import io.ablate.mask.GradientMasks;
import java.util.ArrayList;
import java.util.List;

/** Gradient passes per second: rows with an example and a soft mask each, new masks every time. */
final class GradientSpeeds {
  /** Rows of a batch of gradients for one of forward passes, as {@code collect} has them. */
  private static final int SHARE = 4;

  private final int rows;
  private final GradientBatch batch;
  private final float[][] masks;

  private GradientSpeeds(Network network, GradientBatch batch) {
    this.batch = batch;
    this.rows = batch.rows();
    GradientMasks drawn = new GradientMasks(5, .9, .2, network.components().size());
    this.masks = new float[rows][network.components().size()];
    float[] examples = network.examples(rows, BatchOrder.EXAMPLES);
    for (int slot = 0; slot < rows; slot++) {
      drawn.row(slot, masks[slot]);
      batch.setExample(slot, network.example(examples, slot), Network.LABEL);
    }
  }

  /**
   * Adds the rows of a network, for every precision.
   *
   * @param batches of forward passes
   * @param gflop of a forward pass
   */
  static void run(Bench bench, String name, List<Integer> batches, double gflop) {
    Network network = Network.named(name);
    InstrumentedModel model = network.instrumented(OutputFunction.MARGIN_LOGSUMEXP);
    DifferentiatedModel gradients = MaskGradients.of(model);
    for (Precision precision : bench.place().precisions(model, network.exampleShape())) {
      for (int size : batches) {
        int rows = Math.max(1, size / SHARE);
        String what = PassSpeeds.what(name, rows, precision.label()) + ", gradients";
        double bound = bench.rates().products(precision) / (2 * gflop);
        bench
            .results()
            .attempt(what, () -> measure(bench, network, gradients, precision, rows, what, bound));
      }
    }
  }

  private static void measure(
      Bench bench,
      Network network,
      DifferentiatedModel model,
      Precision precision,
      int rows,
      String what,
      double bound) {
    ForwardOptions options = bench.place().options(network.exampleShape()).with(precision);
    long used = bench.memory().used();
    try (GradientSession session =
            bench.place().passes(model.forward(), options).openGradients(model, options);
        GradientBatch batch = session.batch(rows)) {
      GradientSpeeds speeds = new GradientSpeeds(network, batch);
      speeds.pass();
      long memory = Math.max(0, bench.memory().used() - used);
      List<Double> rates = new ArrayList<>();
      for (int round = 0; round < bench.sizes().rounds(); round++) {
        rates.add(speeds.rate(bench.sizes().seconds()));
      }
      bench
          .results()
          .measured(
              new Measurement(
                      what,
                      Numbers.median(rates),
                      "passes/s",
                      "at best: twice a plain pass's products of matrices")
                  .bound(bound)
                  .detail(Bench.MEMORY, memory * Bench.GB));
    }
  }

  private void pass() {
    for (int slot = 0; slot < rows; slot++) {
      batch.setMask(slot, masks[slot]);
    }
    batch.run();
  }

  private double rate(double seconds) {
    return Numbers.rate(this::pass, rows, seconds);
  }
}
