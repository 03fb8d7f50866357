package io.ablate.benchmarks.gpu;

import io.ablate.base.NpyFile;
import io.ablate.benchmarks.Network;
import io.ablate.example.Example;
import io.ablate.example.ExampleSource;
import io.ablate.example.ExampleSources;
import io.ablate.example.ModelSidecar;
import io.ablate.forward.BatchShape;
import io.ablate.forward.ForwardBatch;
import io.ablate.forward.ForwardOptions;
import io.ablate.forward.ForwardSession;
import io.ablate.instrument.InstrumentedModel;
import io.ablate.instrument.OutputFunction;
import io.ablate.mask.FileMasks;
import io.ablate.mask.MaskMatrix;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Margins that PyTorch computed, where a folder with them is there. */
final class GoldenChecks {
  private static final int EXAMPLES = 8;
  private static final int ROWS = 64;

  private GoldenChecks() {}

  /**
   * @param shared folder with {@code golden}, {@code data} and {@code models}
   * @return whether it has them
   */
  static boolean run(Place place, Path shared, Results results) {
    if (!Files.isDirectory(shared.resolve("golden"))) {
      return false;
    }
    for (String name : List.of("resnet8-cifar10", "resnet18-cifar10")) {
      results.check(
          name + ", margins by PyTorch", PassChecks.OUTPUTS, () -> deviation(place, shared, name));
    }
    return true;
  }

  private static double deviation(Place place, Path shared, String name) {
    Path golden = shared.resolve("golden").resolve(name);
    Network network = Network.named(name);
    InstrumentedModel model = network.instrumented(OutputFunction.MARGIN);
    ForwardOptions options = place.options(network.exampleShape());
    double[] expected = NpyFile.readDoubles(golden.resolve("margin_max.npy"));
    double largest = 0;
    try (FileMasks file = FileMasks.open(golden.resolve("masks.npy"), network.components().size());
        ExampleSource source =
            ExampleSources.open(
                "cifar10:" + shared.resolve("data/cifar-10-batches-bin"),
                ModelSidecar.of(shared.resolve("models/" + name + ".onnx")),
                network.exampleShape());
        ForwardSession session = place.passes(model, options).open(model, options);
        ForwardBatch batch = session.batch(new BatchShape(ROWS, 1))) {
      MaskMatrix masks = MaskMatrix.of(file, 0, ROWS);
      for (int row = 0; row < ROWS; row++) {
        batch.setMask(row, masks.words(), row * masks.wordsPerRow());
      }
      for (int e = 0; e < EXAMPLES; e++) {
        Example example = source.load(e);
        batch.setExample(0, example.input(), example.label());
        batch.run();
        for (int row = 0; row < ROWS; row++) {
          double difference = Math.abs(batch.output(row) - expected[row * EXAMPLES + e]);
          largest = difference <= largest ? largest : difference; // NaN stays
        }
      }
    }
    return largest;
  }
}
