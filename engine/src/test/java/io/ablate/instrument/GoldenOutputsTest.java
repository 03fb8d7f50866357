package io.ablate.instrument;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.ablate.base.NpyFile;
import io.ablate.base.SharedFiles;
import io.ablate.component.ComponentDiscovery;
import io.ablate.component.ComponentRules;
import io.ablate.instrument.OrtRunner.Floats;
import io.ablate.onnx.OnnxModel;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Instrumented models against the outputs of PyTorch for the same masks and examples. */
class GoldenOutputsTest {
  private static final double TOLERANCE = 2e-3;

  @ParameterizedTest
  @CsvSource({
    "resnet8-cifar10, resnet8-cifar10, MARGIN, margin_max",
    "resnet8-cifar10-folded, resnet8-cifar10, MARGIN, margin_max",
    "resnet8-cifar10, resnet8-cifar10, MARGIN_LOGSUMEXP, margin_logsumexp",
    "resnet8-cifar10-folded, resnet8-cifar10, MARGIN_LOGSUMEXP, margin_logsumexp",
    "resnet18-cifar10, resnet18-cifar10, MARGIN_LOGSUMEXP, margin_logsumexp",
  })
  void shouldGiveGoldenOutputsInBothBatchOrders(
      String modelName, String golden, OutputFunction function, String file) throws IOException {
    Golden data = Golden.of(golden);
    OnnxModel model = OnnxModel.read(SharedFiles.require("models/" + modelName + ".onnx"));
    InstrumentedModel instrumented =
        Instrumenter.instrument(
            model,
            ComponentDiscovery.discover(model, ComponentRules.defaults()),
            InstrumentOptions.defaults().outputFunction(function).withLogits(true));
    double[] outputs = NpyFile.readDoubles(data.folder.resolve(file + ".npy"));
    double[] logits = NpyFile.readDoubles(data.folder.resolve("logits.npy"));
    Floats masks = floats(data.folder.resolve("masks.npy")).rows(0, 24);
    int examples = data.labels().length;
    int classes = instrumented.classes();
    int rows = (int) masks.shape()[0];
    try (OrtRunner runner = new OrtRunner(instrumented.model())) {
      // Many masks, one example; then one mask, many examples; then row by row.
      for (int e = 3; e < 4; e++) {
        Map<String, ?> feed = feed(instrumented, data, masks, e, e + 1);
        Floats found = runner.run(instrumented.output(), feed);
        assertThat(found.shape()).containsExactly(rows);
        Floats foundLogits = runner.run(logitsOf(instrumented), feed);
        for (int row = 0; row < rows; row++) {
          assertThat((double) found.values()[row])
              .as("row %d, example %d", row, e)
              .isCloseTo(outputs[row * examples + e], within(TOLERANCE));
          for (int c = 0; c < classes; c++) {
            assertThat((double) foundLogits.values()[row * classes + c])
                .isCloseTo(logits[(row * examples + e) * classes + c], within(TOLERANCE));
          }
        }
      }
      for (int row = 0; row < 5; row++) {
        Floats mask = masks.rows(row, row + 1);
        Floats found =
            runner.run(instrumented.output(), feed(instrumented, data, mask, 0, examples));
        assertThat(found.shape()).containsExactly(examples);
        for (int e = 0; e < examples; e++) {
          assertThat((double) found.values()[e])
              .as("row %d, example %d", row, e)
              .isCloseTo(outputs[row * examples + e], within(TOLERANCE));
        }
      }
      Floats found =
          runner.run(
              instrumented.output(),
              feed(instrumented, data, masks.rows(16, 16 + examples), 0, examples));
      for (int e = 0; e < examples; e++) {
        assertThat((double) found.values()[e])
            .isCloseTo(outputs[(16 + e) * examples + e], within(TOLERANCE));
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"resnet8-cifar10", "resnet18-cifar10"})
  void shouldGiveGoldenOutputsForSoftMasks(String name) throws IOException {
    Golden data = Golden.of(name);
    OnnxModel model = OnnxModel.read(SharedFiles.require("models/" + name + ".onnx"));
    InstrumentedModel instrumented =
        Instrumenter.instrument(
            model,
            ComponentDiscovery.discover(model, ComponentRules.defaults()),
            InstrumentOptions.defaults().outputFunction(OutputFunction.MARGIN_LOGSUMEXP));
    double[] outputs = NpyFile.readDoubles(data.folder.resolve("grad_outputs.npy"));
    Floats masks = floats(data.folder.resolve("grad_masks.npy"));
    int rows = (int) masks.shape()[0];
    int examples = outputs.length / rows;
    try (OrtRunner runner = new OrtRunner(instrumented.model())) {
      for (int e = 0; e < examples; e++) {
        Floats found = runner.run(instrumented.output(), feed(instrumented, data, masks, e, e + 1));
        for (int row = 0; row < rows; row++) {
          assertThat((double) found.values()[row])
              .as("row %d, example %d", row, e)
              .isCloseTo(outputs[row * examples + e], within(TOLERANCE));
        }
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"resnet8-cifar10", "resnet8-cifar10-folded", "resnet18-cifar10"})
  void shouldEqualThePlainModelUnderAMaskOfOnes(String name) throws IOException {
    Golden data = Golden.of(name.replace("-folded", ""));
    OnnxModel model = OnnxModel.read(SharedFiles.require("models/" + name + ".onnx"));
    InstrumentedModel instrumented =
        Instrumenter.instrument(
            model,
            ComponentDiscovery.discover(model, ComponentRules.defaults()),
            InstrumentOptions.defaults().withLogits(true));
    Floats ones = Floats.ones(1, instrumented.components().size());
    int classes = instrumented.classes();
    try (OrtRunner plain = new OrtRunner(model);
        OrtRunner masked = new OrtRunner(instrumented.model())) {
      float[] found =
          masked
              .run(logitsOf(instrumented), feed(instrumented, data, ones, 0, data.labels().length))
              .values();
      float[] expected =
          plain.run("logits", Map.of(instrumented.example().name(), data.images())).values();
      for (int row = 0; row < data.labels().length; row++) {
        double largest = 0;
        for (int c = 0; c < classes; c++) {
          largest = Math.max(largest, Math.abs(expected[row * classes + c]));
        }
        for (int c = 0; c < classes; c++) {
          assertThat((double) found[row * classes + c])
              .as("example %d, class %d", row, c)
              .isCloseTo(expected[row * classes + c], within(1e-5 * largest));
        }
      }
    }
  }

  private static String logitsOf(InstrumentedModel instrumented) {
    return java.util.Objects.requireNonNull(instrumented.logits());
  }

  private static Map<String, ?> feed(
      InstrumentedModel model, Golden data, Floats masks, int from, int to) {
    return Map.of(
        model.mask(),
        masks,
        model.example().name(),
        data.images().rows(from, to),
        model.label(),
        java.util.Arrays.copyOfRange(data.labels(), from, to));
  }

  private static Floats floats(Path file) {
    try (NpyFile npy = NpyFile.open(file)) {
      double[] values = npy.rows(0, npy.rows());
      float[] floats = new float[values.length];
      for (int i = 0; i < floats.length; i++) {
        floats[i] = (float) values[i];
      }
      return new Floats(floats, npy.shape());
    }
  }

  private record Golden(Path folder, CifarExamples examples) {
    static Golden of(String name) throws IOException {
      return new Golden(
          SharedFiles.require("golden/" + name),
          CifarExamples.of(CifarExamples.json("golden/" + name + "/golden.json")));
    }

    Floats images() {
      return examples.images();
    }

    long[] labels() {
      return examples.labels();
    }
  }
}
