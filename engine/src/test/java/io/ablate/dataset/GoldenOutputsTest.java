package io.ablate.dataset;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.ablate.base.NpyFile;
import io.ablate.base.Progress;
import io.ablate.base.SharedFiles;
import io.ablate.component.ComponentDiscovery;
import io.ablate.component.ComponentRules;
import io.ablate.example.Example;
import io.ablate.example.ExampleSource;
import io.ablate.example.ExampleSources;
import io.ablate.example.ModelSidecar;
import io.ablate.forward.BatchOrder;
import io.ablate.instrument.InstrumentOptions;
import io.ablate.instrument.InstrumentedModel;
import io.ablate.instrument.Instrumenter;
import io.ablate.instrument.OutputFunction;
import io.ablate.mask.FileMasks;
import io.ablate.onnx.OnnxModel;
import java.nio.file.Path;
import java.util.stream.IntStream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The whole way from a model file to a store, against outputs that PyTorch computed. */
class GoldenOutputsTest {
  private static final double TOLERANCE = 2e-3;

  @TempDir Path folder;

  @ParameterizedTest
  @CsvSource({
    "resnet8-cifar10, resnet8-cifar10, MASKS, 0, MARGIN, margin_max, 64",
    "resnet8-cifar10, resnet8-cifar10, EXAMPLES, 0, MARGIN_LOGSUMEXP, margin_logsumexp, 64",
    "resnet8-cifar10-folded, resnet8-cifar10, MASKS, 16, MARGIN_LOGSUMEXP, margin_logsumexp, 64",
    "resnet8-cifar10-folded, resnet8-cifar10, EXAMPLES, 8, MARGIN, margin_max, 64",
    "resnet18-cifar10, resnet18-cifar10, MASKS, 16, MARGIN, margin_max, 64",
    "resnet18-cifar10, resnet18-cifar10, EXAMPLES, 8, MARGIN_LOGSUMEXP, margin_logsumexp, 16"
  })
  void shouldGiveTheOutputsOfPyTorch(
      String model,
      String golden,
      BatchOrder order,
      int batch,
      OutputFunction function,
      String expectedFile,
      int rows) {
    Path modelFile = SharedFiles.require("models/" + model + ".onnx");
    Path goldenFolder = SharedFiles.require("golden/" + golden);
    OnnxModel onnx = OnnxModel.read(modelFile);
    InstrumentedModel instrumented =
        Instrumenter.instrument(
            onnx,
            ComponentDiscovery.discover(onnx, ComponentRules.defaults()),
            InstrumentOptions.defaults().outputFunction(function));
    int[] examples = IntStream.range(0, 8).toArray();
    Path store = folder.resolve("store");
    try (FileMasks masks =
            FileMasks.open(goldenFolder.resolve("masks.npy"), instrumented.components().size());
        ExampleSource source =
            ExampleSources.open(
                "cifar10:" + SharedFiles.require("data/cifar-10-batches-bin"),
                ModelSidecar.of(modelFile),
                3,
                32,
                32)) {
      Collector.run(
          new CollectRequest(
              store,
              instrumented,
              masks,
              0,
              rows,
              source,
              examples,
              Example::label,
              false,
              CollectRequest.Settings.defaults().batch(order, batch)),
          Progress.NONE);
    }
    double[] expected = NpyFile.readDoubles(goldenFolder.resolve(expectedFile + ".npy"));
    try (ComponentDataset dataset = ComponentDataset.open(store)) {
      assertThat(dataset.completedRows()).hasSize(rows);
      double[][] outputs = dataset.outputs(dataset.completedRows());
      for (int row = 0; row < rows; row++) {
        for (int e = 0; e < 8; e++) {
          assertThat(outputs[e][row])
              .as("row %d, example %d", row, e)
              .isCloseTo(expected[row * 8 + e], within(TOLERANCE));
        }
      }
    }
  }
}
