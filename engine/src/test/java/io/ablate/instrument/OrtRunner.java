package io.ablate.instrument;

import ai.onnxruntime.NodeInfo;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import io.ablate.onnx.OnnxModel;
import java.nio.FloatBuffer;
import java.nio.LongBuffer;
import java.util.HashMap;
import java.util.Map;

/** Runs models through ONNX Runtime directly, for tests. */
final class OrtRunner implements AutoCloseable {
  private final OrtSession session;

  OrtRunner(OnnxModel model) {
    try (OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
      options.setIntraOpNumThreads(1);
      session = OrtEnvironment.getEnvironment().createSession(model.toBytes(), options);
    } catch (OrtException e) {
      throw new AssertionError(e);
    }
  }

  /** A float32 array of any shape. */
  record Floats(float[] values, long... shape) {
    static Floats ones(long... shape) {
      float[] values = new float[size(shape)];
      java.util.Arrays.fill(values, 1);
      return new Floats(values, shape);
    }

    static int size(long... shape) {
      long size = 1;
      for (long extent : shape) {
        size *= extent;
      }
      return (int) size;
    }

    /** Rows {@code from} to {@code to − 1} of the first axis. */
    Floats rows(int from, int to) {
      int length = values.length / (int) shape[0];
      long[] part = shape.clone();
      part[0] = (long) to - from;
      return new Floats(java.util.Arrays.copyOfRange(values, from * length, to * length), part);
    }
  }

  /** Feeds float32 and int64 inputs by name, and returns one float32 output. */
  Floats run(String output, Map<String, ?> inputs) {
    Map<String, OnnxTensor> tensors = new HashMap<>();
    try {
      OrtEnvironment environment = OrtEnvironment.getEnvironment();
      for (Map.Entry<String, ?> input : inputs.entrySet()) {
        tensors.put(
            input.getKey(),
            input.getValue() instanceof Floats floats
                ? OnnxTensor.createTensor(
                    environment, FloatBuffer.wrap(floats.values()), floats.shape())
                : OnnxTensor.createTensor(
                    environment,
                    LongBuffer.wrap((long[]) input.getValue()),
                    new long[] {((long[]) input.getValue()).length}));
      }
      try (OrtSession.Result result = session.run(tensors)) {
        OnnxTensor tensor = (OnnxTensor) result.get(output).orElseThrow();
        FloatBuffer buffer = tensor.getFloatBuffer();
        float[] values = new float[buffer.remaining()];
        buffer.get(values);
        return new Floats(values, tensor.getInfo().getShape());
      }
    } catch (OrtException e) {
      throw new AssertionError(e);
    } finally {
      tensors.values().forEach(OnnxTensor::close);
    }
  }

  /** Names and types of what the session takes. */
  Map<String, NodeInfo> inputs() {
    try {
      return session.getInputInfo();
    } catch (OrtException e) {
      throw new AssertionError(e);
    }
  }

  @Override
  public void close() {
    try {
      session.close();
    } catch (OrtException e) {
      throw new AssertionError(e);
    }
  }
}
