package io.ablate.differentiate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.ablate.base.Json;
import io.ablate.base.NpyFile;
import io.ablate.base.SharedFiles;
import io.ablate.component.ComponentDiscovery;
import io.ablate.component.ComponentRules;
import io.ablate.example.Example;
import io.ablate.example.ExampleSource;
import io.ablate.example.ExampleSources;
import io.ablate.example.ModelSidecar;
import io.ablate.forward.ForwardOptions;
import io.ablate.forward.GradientBatch;
import io.ablate.forward.GradientSession;
import io.ablate.forward.OrtCpuBackend;
import io.ablate.instrument.InstrumentOptions;
import io.ablate.instrument.InstrumentedModel;
import io.ablate.instrument.Instrumenter;
import io.ablate.instrument.OutputFunction;
import io.ablate.models.BundledModels;
import io.ablate.onnx.OnnxModel;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Mask gradients against PyTorch's for the same masks, hard and soft, and examples. */
class GoldenGradientsTest {
  @TempDir Path cache;

  @ParameterizedTest
  @CsvSource({
    "resnet8-cifar10, resnet8-cifar10, 1e-3",
    "resnet8-cifar10-folded, resnet8-cifar10, 1e-3",
    "resnet18-cifar10, resnet18-cifar10, 1e-3",
    // Its weights are rounded to float16: a few ReLUs switch elsewhere.
    "bundled resnet18-cifar10, resnet18-cifar10, 3e-2"
  })
  void shouldEqualTheGradientsOfPyTorch(String name, String golden, double tolerance)
      throws IOException {
    Path folder = SharedFiles.require("golden/" + golden);
    Path file =
        name.startsWith("bundled ")
            ? BundledModels.extract(name.replace("bundled ", ""), cache)
            : SharedFiles.require("models/" + name + ".onnx");
    OnnxModel model = OnnxModel.read(file);
    InstrumentedModel instrumented =
        Instrumenter.instrument(
            model,
            ComponentDiscovery.discover(model, ComponentRules.defaults()),
            InstrumentOptions.defaults().outputFunction(OutputFunction.MARGIN_LOGSUMEXP));
    int n = instrumented.components().size();
    assertThat(n).isEqualTo(golden.startsWith("resnet18") ? 4800 : 672);
    double[] outputs = NpyFile.readDoubles(folder.resolve("grad_outputs.npy"));
    double[] masks = NpyFile.readDoubles(folder.resolve("grad_masks.npy"));
    double[] gradients = NpyFile.readDoubles(folder.resolve("grad_mask_gradient.npy"));
    int rows = masks.length / n;
    int examples = outputs.length / rows;
    var positions =
        Json.read(folder.resolve("golden.json")).path("gradients").path("examples_in_test_batch");
    long[] shape = {3, 32, 32};
    String data = "cifar10:" + SharedFiles.require("data/cifar-10-batches-bin");
    ModelSidecar sidecar = ModelSidecar.read(Path.of(file.toString().replace(".onnx", ".json")));
    try (ExampleSource source = ExampleSources.open(data, sidecar, shape);
        GradientSession session =
            new OrtCpuBackend()
                .openGradients(MaskGradients.of(instrumented), new ForwardOptions(2, shape));
        GradientBatch batch = session.batch(rows)) {
      float[] mask = new float[n];
      float[] found = new float[n];
      for (int e = 0; e < examples; e++) {
        Example example = source.load(positions.get(e).asInt());
        for (int row = 0; row < rows; row++) {
          for (int i = 0; i < n; i++) {
            mask[i] = (float) masks[row * n + i];
          }
          batch.setMask(row, mask);
          batch.setExample(row, example.input(), example.label());
        }
        batch.run();
        for (int row = 0; row < rows; row++) {
          assertThat((double) batch.output(row))
              .isCloseTo(outputs[row * examples + e], within(2 * tolerance));
          batch.gradient(row, found);
          double error = 0;
          double norm = 0;
          for (int i = 0; i < n; i++) {
            double expected = gradients[(row * examples + e) * n + i];
            error += (found[i] - expected) * (found[i] - expected);
            norm += expected * expected;
          }
          assertThat(Math.sqrt(error / norm))
              .as("row %d, example %d", row, e)
              .isLessThan(tolerance);
        }
      }
    }
  }
}
