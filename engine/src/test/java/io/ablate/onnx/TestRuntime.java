package io.ablate.onnx;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import java.nio.FloatBuffer;
import java.util.HashMap;
import java.util.Map;

/** Runs small models with ONNX Runtime, for tests. */
public final class TestRuntime {
  private TestRuntime() {}

  /** A float tensor to feed. */
  public record Feed(float[] values, long... dims) {}

  /** The model's first output as a flat array. */
  public static float[] run(OnnxModel model, Map<String, Feed> feeds) {
    try (OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
      options.setIntraOpNumThreads(1);
      var folder = model.externalFolder();
      if (folder != null) {
        options.addConfigEntry(
            "session.model_external_initializers_file_folder_path", folder.toString());
      }
      OrtEnvironment environment = OrtEnvironment.getEnvironment();
      try (OrtSession session = environment.createSession(model.toBytes(), options)) {
        Map<String, OnnxTensor> inputs = new HashMap<>();
        for (var feed : feeds.entrySet()) {
          inputs.put(
              feed.getKey(),
              OnnxTensor.createTensor(
                  environment, FloatBuffer.wrap(feed.getValue().values), feed.getValue().dims));
        }
        try (OrtSession.Result result = session.run(inputs)) {
          FloatBuffer out = ((OnnxTensor) result.get(0)).getFloatBuffer();
          float[] values = new float[out.remaining()];
          out.get(values);
          return values;
        }
      }
    } catch (OrtException e) {
      throw new AssertionError("ONNX Runtime refuses the model", e);
    }
  }
}
