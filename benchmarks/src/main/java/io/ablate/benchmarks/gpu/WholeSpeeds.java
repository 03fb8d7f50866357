package io.ablate.benchmarks.gpu;

import io.ablate.backend.Backends;
import io.ablate.base.BadInputException;
import io.ablate.base.Folders;
import io.ablate.base.Progress;
import io.ablate.benchmarks.Check;
import io.ablate.benchmarks.Network;
import io.ablate.benchmarks.gpu.Results.Measurement;
import io.ablate.dataset.CollectRequest;
import io.ablate.dataset.Collector;
import io.ablate.dataset.ComponentDataset;
import io.ablate.differentiate.MaskGradients;
import io.ablate.estimate.ComponentModels;
import io.ablate.estimate.Estimators;
import io.ablate.estimate.TrainingData;
import io.ablate.example.Example;
import io.ablate.forward.BatchOrder;
import io.ablate.forward.ForwardBackend;
import io.ablate.forward.Precision;
import io.ablate.instrument.InstrumentedModel;
import io.ablate.instrument.OutputFunction;
import io.ablate.mask.BernoulliMasks;
import io.ablate.mask.GradientMasks;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * Attributions per second from beginning to end, in one process by the engine's interface: sessions
 * are opened, masks drawn, passes run, a store is written and read again, and a model is fitted.
 */
final class WholeSpeeds {
  private static final String FAST = "fp16";
  private static final int LARGEST_BATCH = 256;
  private static final int GRADIENT_PASSES = 4;
  private static final double SOFT = .2;

  /** Taken as given, so that nothing is timed for it. */
  private static final double GRADIENT_COST = 2.5;

  private final Bench bench;
  private final String name;
  private final Network network;
  private final RandomExamples examples;

  private WholeSpeeds(Bench bench, String name) {
    this.bench = bench;
    this.name = name;
    this.network = Network.named(name);
    this.examples = new RandomExamples(network, bench.sizes().examples());
  }

  /** The bundled networks. */
  static void run(Bench bench) {
    for (Sizes.Images images : bench.sizes().passes()) {
      for (String name : images.networks()) {
        if (PassChecks.NETWORKS.contains(name)) {
          bench.results().attempt(name, () -> run(bench, name));
        }
      }
    }
  }

  private static void run(Bench bench, String name) {
    WholeSpeeds whole = new WholeSpeeds(bench, name);
    whole.byMasks();
    whole.byGradients();
  }

  private void byMasks() {
    InstrumentedModel model = network.instrumented(OutputFunction.MARGIN);
    int masks = bench.sizes().masks();
    attribute("least-squares", masks + " masks", model, masks, 0);
  }

  private void byGradients() {
    InstrumentedModel model = network.instrumented(OutputFunction.MARGIN_LOGSUMEXP);
    attribute(
        "integrated-gradient", GRADIENT_PASSES + " gradient passes", model, 0, GRADIENT_PASSES);
  }

  private void attribute(
      String method, String spent, InstrumentedModel model, int rows, int gradients) {
    List<Precision> there = bench.place().precisions(model, network.exampleShape());
    Precision fast =
        there.stream()
            .filter(precision -> precision.label().equals(FAST))
            .findFirst()
            .orElse(Precision.FP32);
    String what =
        "whole, %s, %s, %s, n = %d, %d examples"
            .formatted(name, method, spent, network.components().size(), examples.size());
    bench
        .results()
        .attempt(
            what,
            () -> {
              try {
                attribute(what, method, model, rows, gradients, fast);
              } catch (BadInputException e) {
                if (fast == Precision.FP32 || gradients == 0) {
                  throw e;
                }
                // A backend may have passes in a precision, and no gradients.
                attribute(what, method, model, rows, gradients, Precision.FP32);
              }
            });
  }

  private void attribute(
      String what,
      String method,
      InstrumentedModel model,
      int rows,
      int gradients,
      Precision precision) {
    double[] seconds = new double[2];
    long memory =
        bench
            .memory()
            .peak(
                () -> {
                  Path folder = temporary();
                  try {
                    long start = System.nanoTime();
                    Collector.run(
                        request(folder.resolve("store"), model, rows, gradients, precision),
                        Progress.NONE);
                    seconds[0] = (System.nanoTime() - start) * 1e-9;
                    fit(folder.resolve("store"), method, gradients);
                    seconds[1] = (System.nanoTime() - start) * 1e-9;
                  } finally {
                    delete(folder);
                  }
                });
    bench
        .results()
        .measured(
            new Measurement(
                    what,
                    examples.size() / seconds[1],
                    "attributions/s",
                    precision.label() + ", opening of sessions and files included")
                .detail("seconds", seconds[1])
                .detail("of them the fit", seconds[1] - seconds[0])
                .detail(Bench.MEMORY, memory * Bench.GB));
  }

  private CollectRequest request(
      Path store, InstrumentedModel model, int rows, int gradients, Precision precision) {
    Place place = bench.place();
    int columns = model.components().size();
    ForwardBackend backend =
        place.passes(model, place.options(network.exampleShape()).with(precision));
    CollectRequest.Settings settings =
        CollectRequest.Settings.defaults()
            .backend(backend, Map.of("chosen", backend.name(), "requested", Backends.AUTO))
            .threads(place.threads())
            .precision(precision)
            .batch(BatchOrder.EXAMPLES, Math.min(LARGEST_BATCH, examples.size()));
    CollectRequest request =
        new CollectRequest(
            store,
            model,
            new BernoulliMasks(1, .9, columns),
            0,
            rows,
            examples,
            IntStream.range(0, examples.size()).toArray(),
            Example::label,
            false,
            settings);
    return gradients == 0
        ? request
        : request.withGradients(
            new CollectRequest.Gradients(
                MaskGradients.of(model),
                new GradientMasks(1, .9, SOFT, columns),
                0,
                gradients,
                GRADIENT_COST));
  }

  private void fit(Path store, String method, int gradients) {
    try (ComponentDataset dataset = ComponentDataset.open(store)) {
      TrainingData data = TrainingData.of(dataset, dataset.completedRows(), gradients);
      ComponentModels fitted = Estimators.byName(method).fit(data, bench.place().context());
      Check.that(
          fitted.attributions().length == examples.size()
              && Arrays.stream(fitted.attributions())
                  .flatMapToDouble(Arrays::stream)
                  .allMatch(Double::isFinite),
          "attributions of all examples, all finite");
    }
  }

  private static Path temporary() {
    try {
      return Files.createTempDirectory("gpu-check");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void delete(Path folder) {
    try {
      Folders.delete(folder);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
