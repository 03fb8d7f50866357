package io.ablate.benchmarks.gpu;

import io.ablate.base.RandomStreams;
import io.ablate.benchmarks.Check;
import io.ablate.benchmarks.gpu.Results.Measurement;
import io.ablate.benchmarks.gpu.Results.Target;
import io.ablate.estimate.NetworkStart;
import io.ablate.estimate.NetworkTrainer;
import io.ablate.estimate.NetworkTrainer.AdamNetworks;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;
import java.util.stream.LongStream;

/**
 * Epochs of the networks of ReLU extraction, a network per example side by side, in the engine's
 * own trainer; beside the least time that products and memory allow.
 */
final class NetworkSpeeds {
  static final String WHAT = "training of ReLU networks";
  private static final int BATCH = 32;

  private static final float RATE = 1e-3f;

  /** What is aimed at, of the bound. */
  private static final double SHARE = .6;

  /** Weights and two moments are read and written, the weights once more in the forward pass. */
  private static final int TOUCHES = 7;

  private NetworkSpeeds() {}

  /** Examples · epochs per second, as many examples of the data as fit on the device. */
  static void run(Bench bench, FitData data) {
    Sizes.Fit all = bench.sizes().networks();
    int units = bench.sizes().units();
    NetworkTrainer trainer = bench.place().context().networks();
    long floats = 3L * (all.columns() + 3) * units + 3L * all.rows();
    int examples =
        Math.min(all.examples(), trainer.examplesTogether(all.examples(), all.examples(), floats));
    Sizes.Fit size = new Sizes.Fit(all.columns(), all.rows(), examples);
    String what = "%s, %s, d = %d".formatted(WHAT, size, units);
    bench.results().attempt(what, () -> measure(bench, data, trainer, size, units, what));
  }

  private static void measure(
      Bench bench, FitData data, NetworkTrainer trainer, Sizes.Fit size, int units, String what) {
    int[][] orders = new int[size.examples()][];
    Arrays.setAll(orders, e -> order(size.rows(), e));
    NetworkStart start =
        new NetworkStart(
            units,
            LongStream.range(0, size.examples()).toArray(),
            IntStream.range(0, size.columns()).mapToLong(j -> 31L * j).toArray());
    float[][] target = Arrays.copyOf(data.standardised(), size.examples());
    List<Double> seconds = new ArrayList<>();
    double[] opened = {0};
    long memory =
        bench
            .memory()
            .peak(
                () -> {
                  long from = System.nanoTime();
                  try (AdamNetworks networks = trainer.adam(data.ablated(), target, start, RATE)) {
                    double before = mean(networks.errors(orders, 0, size.rows()));
                    opened[0] = (System.nanoTime() - from) * 1e-9;
                    for (int round = 0; round < bench.sizes().rounds(); round++) {
                      seconds.add(epoch(networks, orders, size.rows()));
                    }
                    double after = mean(networks.errors(orders, 0, size.rows()));
                    Check.that(after < before, "error " + before + ", after training " + after);
                  }
                });
    double epoch = Numbers.median(seconds);
    bench
        .results()
        .measured(
            new Measurement(what, size.examples() / epoch, "examples·epochs/s", note(bench))
                .bound(bound(bench, size, units))
                .target(Target.atLeast(SHARE * bound(bench, size, units)))
                .detail("seconds per epoch of all", epoch)
                .detail("seconds of 100 epochs of all, reckoned", 100 * epoch)
                .detail("seconds until the first step", opened[0])
                .detail(Bench.MEMORY, memory * Bench.GB));
  }

  /** Seconds of one; asking for an error waits until it is done. */
  private static double epoch(AdamNetworks networks, int[][] orders, int rows) {
    long start = System.nanoTime();
    networks.epoch(orders, rows, BATCH);
    double error = networks.errors(orders, 0, 1)[0];
    Check.that(Double.isFinite(error), "error " + error);
    return (System.nanoTime() - start) * 1e-9;
  }

  /** Examples · epochs per second that products and memory allow, whichever allow less. */
  private static double bound(Bench bench, Sizes.Fit size, int units) {
    double weights = (double) size.columns() * units;
    double operations = 4.0 * size.rows() * weights;
    double bytes = Math.ceilDiv(size.rows(), BATCH) * TOUCHES * Float.BYTES * weights;
    return 1e9 * Math.min(bench.rates().float32() / operations, bench.rates().copying() / bytes);
  }

  private static String note(Bench bench) {
    double intensity = 4.0 * BATCH / (TOUCHES * Float.BYTES);
    return String.format(
        Locale.ROOT,
        "float32, B = %d; at best: min(matrix rate, intensity × copy rate) with 4·B·n·d operations"
            + " and 7·4·n·d bytes a step and example, %.2g operations a byte: min(%s, %s) GFLOP/s",
        BATCH,
        intensity,
        Numbers.text(bench.rates().float32()),
        Numbers.text(intensity * bench.rates().copying()));
  }

  private static int[] order(int rows, int example) {
    int[] order = IntStream.range(0, rows).toArray();
    RandomStreams.shuffle(order, rows, RandomStreams.stream(5, example));
    return order;
  }

  private static double mean(double[] values) {
    return Arrays.stream(values).sum() / values.length;
  }
}
