package io.ablate.ort;

import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import io.ablate.differentiate.DifferentiatedModel;
import io.ablate.forward.BatchShape;
import io.ablate.forward.GradientBatch;
import io.ablate.forward.SessionPool;
import io.ablate.instrument.InstrumentedModel;
import java.util.Arrays;

/** Masks, examples, labels, outputs and gradients of so many rows, bound once. */
final class BoundGradientBatch implements GradientBatch {
  private final SessionPool<NativeSession> sessions;
  private final BatchShape shape;
  private final Binding binding;
  private final BoundTensor mask;
  private final BoundTensor example;
  private final BoundTensor label;
  private final BoundTensor output;
  private final BoundTensor gradient;
  private boolean closed;

  BoundGradientBatch(
      Execution execution,
      SessionPool<NativeSession> sessions,
      DifferentiatedModel model,
      long[] exampleShape,
      int rows) {
    this.sessions = sessions;
    this.shape = new BatchShape(rows, rows);
    InstrumentedModel forward = model.forward();
    NativeSession session = sessions.acquire(shape);
    try {
      int columns = forward.components().size();
      binding = new Binding(execution, session, model.model());
      mask = binding.input(forward.mask(), DataType.FLOAT, rows, columns);
      example =
          binding.input(
              forward.example().name(),
              forward.example().type(),
              Binding.shape(rows, exampleShape));
      label = binding.input(forward.label(), DataType.INT64, rows);
      output = binding.output(forward.output(), rows);
      gradient = binding.output(model.gradient(), rows, columns);
      float[] ones = new float[columns];
      Arrays.fill(ones, 1);
      for (int slot = 0; slot < rows; slot++) {
        mask.set(slot, ones);
      }
    } catch (RuntimeException e) {
      sessions.release(shape);
      throw e;
    }
  }

  @Override
  public int rows() {
    return shape.rows();
  }

  @Override
  public void setMask(int slot, float[] mask) {
    this.mask.set(slot, mask);
  }

  @Override
  public void setExample(int slot, float[] input, int label) {
    example.set(slot, input);
    this.label.set(slot, label);
  }

  @Override
  public void run() {
    binding.run();
  }

  @Override
  public float output(int slot) {
    return output.get(slot);
  }

  @Override
  public void gradient(int slot, float[] target) {
    gradient.get(slot, target);
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      binding.close();
      sessions.release(shape);
    }
  }
}
