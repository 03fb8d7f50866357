package io.ablate.forward;

import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import io.ablate.instrument.InstrumentedModel;
import io.ablate.mask.MaskMatrix;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Direct buffers that ONNX Runtime reads its inputs from and writes its outputs to. */
final class OrtBatch implements ForwardBatch {
  /** The eight mask values of every byte of packed bits. */
  private static final float[] UNPACKED = unpackedBytes();

  private final SessionPool<OrtSession> sessions;
  private final OrtSession session;
  private final InstrumentedModel model;
  private final BatchShape shape;
  private final int columns;
  private final DirectTensor mask;
  private final DirectTensor example;
  private final DirectTensor label;
  private final DirectTensor output;
  private final @Nullable DirectTensor logits;
  private final int classes;
  private final Map<String, OnnxTensor> inputs = new HashMap<>();
  private final Map<String, OnnxTensor> pinned = new HashMap<>();
  private boolean closed;

  OrtBatch(
      OrtEnvironment environment,
      SessionPool<OrtSession> sessions,
      InstrumentedModel model,
      long[] exampleShape,
      BatchShape shape) {
    this.sessions = sessions;
    this.session = sessions.acquire(shape);
    this.model = model;
    this.shape = shape;
    this.columns = model.components().size();
    this.mask = DirectTensor.create(environment, DataType.FLOAT, shape(shape.masks(), columns));
    this.example =
        DirectTensor.create(
            environment, model.example().type(), shape(shape.examples(), exampleShape));
    this.label = DirectTensor.create(environment, DataType.INT64, shape(shape.examples()));
    this.output = DirectTensor.create(environment, DataType.FLOAT, shape(shape.rows()));
    long[] words = new long[MaskMatrix.wordsPerRow(columns)];
    java.util.Arrays.fill(words, -1);
    for (int slot = 0; slot < shape.masks(); slot++) {
      setMask(slot, words, 0);
    }
    inputs.put(model.mask(), mask.tensor());
    inputs.put(model.example().name(), example.tensor());
    inputs.put(model.label(), label.tensor());
    pinned.put(model.output(), output.tensor());
    if (model.logits() == null) {
      this.classes = 0;
      this.logits = null;
    } else {
      this.classes = model.classes() > 0 ? model.classes() : learnClasses(model.logits());
      this.logits = DirectTensor.create(environment, DataType.FLOAT, shape(shape.rows(), classes));
      pinned.put(model.logits(), logits.tensor());
    }
  }

  static long[] shape(long first, long... rest) {
    long[] shape = new long[rest.length + 1];
    shape[0] = first;
    System.arraycopy(rest, 0, shape, 1, rest.length);
    return shape;
  }

  private int learnClasses(String name) {
    try (OrtSession.Result result = session.run(inputs, Set.of(name))) {
      return (int) ((OnnxTensor) result.get(0)).getInfo().getShape()[1];
    } catch (OrtException e) {
      throw OrtFaults.fault("ONNX Runtime cannot run the model", model.model(), e);
    }
  }

  @Override
  public BatchShape shape() {
    return shape;
  }

  @Override
  public void setMask(int slot, long[] words, int offset) {
    requireSlot(slot, shape.masks());
    int start = slot * columns;
    for (int j = 0; j < columns; j += 8) {
      int bits = (int) (words[offset + (j >>> 6)] >>> (j & 63)) & 0xff;
      mask.floats().put(start + j, UNPACKED, bits << 3, Math.min(8, columns - j));
    }
  }

  @Override
  public void setExample(int slot, float[] input, int label) {
    requireSlot(slot, shape.examples());
    example.set(slot, input);
    this.label.set(slot, label);
  }

  @Override
  public void run() {
    if (closed) {
      throw new IllegalStateException("batch is closed");
    }
    try (OrtSession.Result result = session.run(inputs, pinned)) {
      if (result.size() != pinned.size()) {
        throw new IllegalStateException(result.size() + " outputs for " + pinned.size());
      }
    } catch (OrtException e) {
      throw OrtFaults.fault("ONNX Runtime cannot run the model", model.model(), e);
    }
  }

  @Override
  public float output(int row) {
    return output.floats().get(row);
  }

  @Override
  public int classes() {
    return classes;
  }

  @Override
  public void logits(int row, float[] target) {
    if (logits == null) {
      throw new IllegalStateException("model was instrumented without logits");
    }
    logits.floats().get(row * classes, target, 0, classes);
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      inputs.values().forEach(OnnxTensor::close);
      pinned.values().forEach(OnnxTensor::close);
      sessions.release(shape);
    }
  }

  private static void requireSlot(int slot, int slots) {
    if (slot < 0 || slot >= slots) {
      throw new IllegalArgumentException("slot " + slot + " outside 0.." + slots);
    }
  }

  private static float[] unpackedBytes() {
    float[] table = new float[256 * 8];
    for (int i = 0; i < table.length; i++) {
      table[i] = i >>> 3 >>> (i & 7) & 1;
    }
    return table;
  }
}
