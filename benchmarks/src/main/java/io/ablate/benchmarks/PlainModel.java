package io.ablate.benchmarks;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import io.ablate.onnx.OnnxModel;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.Map;

/**
 * A model as it is, run as the engine runs it: direct buffers in place, pinned output, the same
 * session settings.
 */
final class PlainModel implements AutoCloseable {
  private final OrtSession session;
  private final Map<String, OnnxTensor> inputs;
  private final Map<String, OnnxTensor> pinned;
  private final FloatBuffer logits;
  private final int classes;

  /**
   * @param inputShape with the batch first
   */
  PlainModel(OnnxModel model, int threads, long[] inputShape, float[] input, int classes)
      throws OrtException {
    OrtEnvironment environment = OrtEnvironment.getEnvironment();
    try (OrtSession.SessionOptions settings = new OrtSession.SessionOptions()) {
      settings.setIntraOpNumThreads(threads);
      settings.setInterOpNumThreads(1);
      settings.setExecutionMode(OrtSession.SessionOptions.ExecutionMode.SEQUENTIAL);
      settings.setOptimizationLevel(OrtSession.SessionOptions.OptLevel.ALL_OPT);
      session = environment.createSession(model.toBytes(), settings);
    }
    this.classes = classes;
    int batch = (int) inputShape[0];
    FloatBuffer values =
        direct(Math.toIntExact(Arrays.stream(inputShape).reduce(1, (a, b) -> a * b)));
    values.put(0, input);
    logits = direct(batch * classes);
    inputs =
        Map.of(
            session.getInputNames().iterator().next(),
            OnnxTensor.createTensor(environment, values, inputShape));
    pinned =
        Map.of(
            session.getOutputNames().iterator().next(),
            OnnxTensor.createTensor(environment, logits, new long[] {batch, classes}));
  }

  void run() throws OrtException {
    session.run(inputs, pinned).close();
  }

  /** Correct-class margin of one row of the last run. */
  float margin(int row, int label) {
    float best = Float.NEGATIVE_INFINITY;
    for (int c = 0; c < classes; c++) {
      if (c != label) {
        best = Math.max(best, logits.get(row * classes + c));
      }
    }
    return logits.get(row * classes + label) - best;
  }

  private static FloatBuffer direct(int elements) {
    return ByteBuffer.allocateDirect(4 * elements).order(ByteOrder.nativeOrder()).asFloatBuffer();
  }

  @Override
  public void close() throws OrtException {
    inputs.values().forEach(OnnxTensor::close);
    pinned.values().forEach(OnnxTensor::close);
    session.close();
  }
}
