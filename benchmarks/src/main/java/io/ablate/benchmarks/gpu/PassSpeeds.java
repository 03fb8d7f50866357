package io.ablate.benchmarks.gpu;

import io.ablate.benchmarks.Network;
import io.ablate.component.ComponentSet;
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
 * the same code.
 */
final class PassSpeeds implements AutoCloseable {
  private static final int ROUNDS = 5;

  /** Multiplications and additions of a plain, direct pass. */
  private static final Map<String, Double> GFLOP_PER_PASS =
      Map.of(
          "resnet8-cifar10", .025,
          "resnet18-cifar10", 1.11,
          "resnet50-random", 8.2,
          "vit-b16-random", 35.0);

  private final ForwardSession session;
  private final ForwardBatch batch;
  private final MaskMatrix masks;
  private long next;

  private PassSpeeds(
      Place place, ForwardOptions options, Network network, ComponentSet components, int size) {
    InstrumentedModel model =
        Instrumenter.instrument(
            network.model(),
            components,
            InstrumentOptions.defaults().outputFunction(OutputFunction.MARGIN));
    session = place.passes(model, options).open(model, options);
    batch = session.batch(BatchShape.of(BatchOrder.EXAMPLES, size));
    masks = MaskMatrix.of(new BernoulliMasks(5, 0.9, components.size()), 0, 64);
    network.fill(batch, network.examples(size, BatchOrder.EXAMPLES));
  }

  /**
   * @param seconds of each of the rounds
   * @param gflops what products of float32 matrices reach there, for the bound
   */
  static void run(
      Place place,
      List<String> networks,
      List<Integer> sizes,
      double seconds,
      double gflops,
      Results results) {
    for (String name : networks) {
      Network network = Network.named(name);
      double bound = gflops / GFLOP_PER_PASS.getOrDefault(name, Double.NaN);
      for (Precision precision : place.precisions()) {
        // What float32 reaches bounds no other precision.
        double most = precision == Precision.FP32 ? bound : Double.NaN;
        ForwardOptions options = place.options(network.exampleShape()).with(precision);
        for (int size : sizes) {
          String in = precision == Precision.FP32 ? "" : ", " + precision.label();
          String what = name + ", batch " + size + in;
          results.attempt(
              what, () -> measure(place, options, network, size, seconds, most, what, results));
        }
      }
    }
  }

  private static void measure(
      Place place,
      ForwardOptions options,
      Network network,
      int size,
      double seconds,
      double bound,
      String what,
      Results results) {
    ComponentSet one = new ComponentSet(network.components().columns().subList(0, 1));
    List<Double> plain = new ArrayList<>();
    List<Double> masked = new ArrayList<>();
    try (PassSpeeds all = new PassSpeeds(place, options, network, network.components(), size);
        PassSpeeds first = new PassSpeeds(place, options, network, one, size)) {
      for (int round = -1; round < ROUNDS; round++) { // the first does not count
        double without = first.rate(seconds);
        double with = all.rate(seconds);
        if (round >= 0) {
          plain.add(without);
          masked.add(with);
        }
      }
    }
    double best = median(plain);
    results.measure(
        what + ", plain",
        best,
        "passes/s",
        bound,
        "one filter can be ablated; at best: the float32 products");
    results.measure(what + ", masked", median(masked), "passes/s", best, "at best: the plain ones");
  }

  private double rate(double seconds) {
    long start = System.nanoTime();
    long passes = 0;
    double elapsed;
    do {
      for (int slot = 0; slot < batch.shape().masks(); slot++) {
        int row = (int) (next++ % masks.rows());
        batch.setMask(slot, masks.words(), row * masks.wordsPerRow());
      }
      batch.run();
      passes += batch.shape().rows();
      elapsed = (System.nanoTime() - start) * 1e-9;
    } while (elapsed < seconds);
    return passes / elapsed;
  }

  static double median(List<Double> values) {
    return values.stream().sorted().toList().get(values.size() / 2);
  }

  @Override
  public void close() {
    batch.close();
    session.close();
  }
}
