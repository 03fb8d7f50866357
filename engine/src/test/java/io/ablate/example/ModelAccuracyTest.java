package io.ablate.example;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import io.ablate.base.NpyFile;
import io.ablate.base.SharedFiles;
import io.ablate.models.BundledModels;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Drawing, decoding, sidecar and preprocessing together: they are right if the models recognise
 * what they are fed.
 */
class ModelAccuracyTest {
  @TempDir Path cache;

  @Test
  void shouldRecogniseTheBundledImages() throws IOException, OrtException {
    Path model = BundledModels.extract("shapes-resnet", cache);
    float[][] logits = logits(model, "bundled", 1_000);
    // 92.1 % on all 10,000 in PyTorch; three standard errors.
    assertThat(accuracy(logits, model, "bundled")).isCloseTo(0.921, within(0.026));
  }

  @Test
  void shouldRecogniseCifar10() throws IOException, OrtException {
    String data = "cifar10:" + SharedFiles.require("data");
    Path model = BundledModels.extract("resnet8-cifar10", cache);
    float[][] logits = logits(model, data, 1_000);
    assertThat(accuracy(logits, model, data)).isCloseTo(0.849, within(0.034));

    // The first row of the golden masks keeps everything.
    Path golden = SharedFiles.require("golden/resnet8-cifar10/logits.npy");
    try (NpyFile npy = NpyFile.open(golden).requireShape(-1, 8, 10)) {
      double[] expected = npy.rows(0, 1);
      for (int i = 0; i < expected.length; i++) {
        assertThat((double) logits[i / 10][i % 10]).isCloseTo(expected[i], within(2e-3));
      }
    }
  }

  /** Weights in half precision must not change what the network recognises. */
  @Test
  void shouldAnswerWithHalvedWeightsAsTheOriginalDoes() throws IOException, OrtException {
    String data = "cifar10:" + SharedFiles.require("data");
    int count = 64;
    float[][] original = logits(SharedFiles.require("models/resnet18-cifar10.onnx"), data, count);
    float[][] halved = logits(BundledModels.extract("resnet18-cifar10", cache), data, count);
    for (int i = 0; i < count; i++) {
      for (int c = 0; c < 10; c++) {
        // Logits reach 20; float16 rounds weights by up to 5e-4 of their size.
        assertThat(halved[i][c]).isCloseTo(original[i][c], within(0.05f));
      }
    }
  }

  private static float[][] logits(Path model, String data, int count) throws OrtException {
    ModelSidecar sidecar = ModelSidecar.of(model);
    int pixels = 3 * 32 * 32;
    FloatBuffer inputs = FloatBuffer.allocate(count * pixels);
    try (ExampleSource source = ExampleSources.open(data, sidecar, 3, 32, 32)) {
      for (int i = 0; i < count; i++) {
        inputs.put(source.load(i).input());
      }
    }
    OrtEnvironment environment = OrtEnvironment.getEnvironment();
    try (OrtSession session = environment.createSession(model.toString());
        OnnxTensor tensor =
            OnnxTensor.createTensor(environment, inputs.flip(), new long[] {count, 3, 32, 32});
        OrtSession.Result result = session.run(Map.of("image", tensor))) {
      return (float[][]) result.get("logits").orElseThrow().getValue();
    }
  }

  private static double accuracy(float[][] logits, Path model, String data) {
    int right = 0;
    try (ExampleSource source = ExampleSources.open(data, ModelSidecar.of(model), 3, 32, 32)) {
      for (int i = 0; i < logits.length; i++) {
        int best = 0;
        for (int c = 1; c < logits[i].length; c++) {
          best = logits[i][c] > logits[i][best] ? c : best;
        }
        right += best == source.load(i).label() ? 1 : 0;
      }
    }
    return (double) right / logits.length;
  }
}
