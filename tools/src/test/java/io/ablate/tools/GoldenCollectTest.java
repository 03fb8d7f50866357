package io.ablate.tools;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.ablate.base.NpyFile;
import io.ablate.base.SharedFiles;
import io.ablate.dataset.ComponentDataset;
import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** {@code collect --masks-file} against outputs that PyTorch computed for the same masks. */
class GoldenCollectTest {
  private static final double TOLERANCE = 2e-3;
  private static final int EXAMPLES = 8;

  @TempDir Path folder;

  @ParameterizedTest
  @CsvSource({
    "resnet8-cifar10, resnet8-cifar10, masks, margin, margin_max, 64",
    "resnet8-cifar10, resnet8-cifar10, examples, margin-logsumexp, margin_logsumexp, 64",
    "resnet8-cifar10-folded, resnet8-cifar10, masks, margin-logsumexp, margin_logsumexp, 64",
    "resnet8-cifar10-folded, resnet8-cifar10, examples, margin, margin_max, 64",
    "resnet18-cifar10, resnet18-cifar10, masks, margin, margin_max, 16",
    "resnet18-cifar10, resnet18-cifar10, examples, margin, margin_max, 16"
  })
  void shouldCollectWhatPyTorchComputes(
      String model, String golden, String order, String output, String expectedFile, int masks) {
    Path goldenFolder = SharedFiles.require("golden/" + golden);
    Path store = folder.resolve("store");
    Cli.ok(
        "collect",
        SharedFiles.require("models/" + model + ".onnx"),
        "--data",
        "cifar10:" + SharedFiles.require("data/cifar-10-batches-bin"),
        "--examples",
        "0-7",
        "--masks-file",
        goldenFolder.resolve("masks.npy"),
        "--masks",
        masks,
        "--order",
        order,
        "--output",
        output,
        "--save",
        "none",
        "--out",
        store);
    double[] expected = NpyFile.readDoubles(goldenFolder.resolve(expectedFile + ".npy"));
    try (ComponentDataset dataset = ComponentDataset.open(store)) {
      int[] rows = dataset.completedRows();
      assertThat(rows).hasSize(masks);
      double[][] outputs = dataset.outputs(rows);
      for (int row = 0; row < rows.length; row++) {
        for (int e = 0; e < EXAMPLES; e++) {
          assertThat(outputs[e][row])
              .as("row %d, example %d", row, e)
              .isCloseTo(expected[row * EXAMPLES + e], within(TOLERANCE));
        }
      }
    }
  }
}
