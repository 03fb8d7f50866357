package io.ablate.ort;

import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import io.ablate.forward.BatchShape;
import io.ablate.forward.ForwardBatch;
import io.ablate.forward.SessionPool;
import io.ablate.instrument.InstrumentedModel;
import io.ablate.mask.MaskMatrix;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** Masks, examples, labels, outputs and logits of one batch shape, bound once. */
final class BoundForwardBatch implements ForwardBatch {
  private final SessionPool<NativeSession> sessions;
  private final BatchShape shape;
  private final int classes;
  private final Binding binding;
  private final TensorMemory.PackedMasks masks;
  private final BoundTensor example;
  private final BoundTensor label;
  private final BoundTensor output;
  private final @Nullable BoundTensor logits;
  private boolean closed;

  BoundForwardBatch(
      Execution execution,
      SessionPool<NativeSession> sessions,
      InstrumentedModel model,
      long[] exampleShape,
      BatchShape shape,
      int classes) {
    this.sessions = sessions;
    this.shape = shape;
    this.classes = classes;
    NativeSession session = sessions.acquire(shape);
    try {
      int columns = model.components().size();
      binding = new Binding(execution, session, model.model());
      masks = binding.masks(model.mask(), shape.masks(), columns);
      example =
          binding.input(
              model.example().name(),
              model.example().type(),
              Binding.shape(shape.examples(), exampleShape));
      label = binding.input(model.label(), DataType.INT64, shape.examples());
      output = binding.output(model.output(), shape.rows());
      logits =
          model.logits() == null ? null : binding.output(model.logits(), shape.rows(), classes);
      long[] keepAll = new long[MaskMatrix.wordsPerRow(columns)];
      Arrays.fill(keepAll, -1);
      for (int slot = 0; slot < shape.masks(); slot++) {
        masks.set(slot, keepAll, 0);
      }
    } catch (RuntimeException e) {
      sessions.release(shape);
      throw e;
    }
  }

  @Override
  public BatchShape shape() {
    return shape;
  }

  @Override
  public void setMask(int slot, long[] words, int offset) {
    requireSlot(slot, shape.masks());
    masks.set(slot, words, offset);
  }

  @Override
  public void setExample(int slot, float[] input, int label) {
    requireSlot(slot, shape.examples());
    example.set(slot, input);
    this.label.set(slot, label);
  }

  @Override
  public void run() {
    binding.run();
  }

  @Override
  public float output(int row) {
    return output.get(row);
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
    logits.get(row, target);
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      binding.close();
      sessions.release(shape);
    }
  }

  private static void requireSlot(int slot, int slots) {
    if (slot < 0 || slot >= slots) {
      throw new IllegalArgumentException("slot " + slot + " outside 0.." + slots);
    }
  }
}
