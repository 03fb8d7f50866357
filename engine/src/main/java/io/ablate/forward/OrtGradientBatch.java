package io.ablate.forward;

import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import io.ablate.differentiate.DifferentiatedModel;
import io.ablate.instrument.InstrumentedModel;
import java.util.Arrays;
import java.util.Map;

/** Direct buffers for gradient passes of ONNX Runtime. */
final class OrtGradientBatch implements GradientBatch {
  private final OrtSession session;
  private final DifferentiatedModel model;
  private final int rows;
  private final int columns;
  private final DirectTensor mask;
  private final DirectTensor example;
  private final DirectTensor label;
  private final DirectTensor output;
  private final DirectTensor gradient;
  private boolean closed;

  OrtGradientBatch(
      OrtEnvironment environment,
      OrtSession session,
      DifferentiatedModel model,
      long[] exampleShape,
      int rows) {
    InstrumentedModel forward = model.forward();
    this.session = session;
    this.model = model;
    this.rows = rows;
    this.columns = forward.components().size();
    this.mask = DirectTensor.create(environment, DataType.FLOAT, OrtBatch.shape(rows, columns));
    this.example =
        DirectTensor.create(
            environment, forward.example().type(), OrtBatch.shape(rows, exampleShape));
    this.label = DirectTensor.create(environment, DataType.INT64, OrtBatch.shape(rows));
    this.output = DirectTensor.create(environment, DataType.FLOAT, OrtBatch.shape(rows));
    this.gradient = DirectTensor.create(environment, DataType.FLOAT, OrtBatch.shape(rows, columns));
    float[] ones = new float[columns];
    Arrays.fill(ones, 1);
    for (int slot = 0; slot < rows; slot++) {
      mask.set(slot, ones);
    }
  }

  @Override
  public int rows() {
    return rows;
  }

  @Override
  public void setMask(int slot, float[] mask) {
    this.mask.set(requireSlot(slot), mask);
  }

  @Override
  public void setExample(int slot, float[] input, int label) {
    example.set(requireSlot(slot), input);
    this.label.set(slot, label);
  }

  @Override
  public void run() {
    if (closed) {
      throw new IllegalStateException("batch is closed");
    }
    InstrumentedModel forward = model.forward();
    var inputs =
        Map.of(
            forward.mask(), mask.tensor(),
            forward.example().name(), example.tensor(),
            forward.label(), label.tensor());
    var outputs = Map.of(forward.output(), output.tensor(), model.gradient(), gradient.tensor());
    try (OrtSession.Result result = session.run(inputs, outputs)) {
      if (result.size() != outputs.size()) {
        throw new IllegalStateException(result.size() + " outputs for " + outputs.size());
      }
    } catch (OrtException e) {
      throw OrtFaults.fault("ONNX Runtime cannot run the differentiated model", model.model(), e);
    }
  }

  @Override
  public float output(int slot) {
    return output.floats().get(requireSlot(slot));
  }

  @Override
  public void gradient(int slot, float[] target) {
    gradient.floats().get(requireSlot(slot) * columns, target, 0, columns);
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      for (DirectTensor tensor : new DirectTensor[] {mask, example, label, output, gradient}) {
        tensor.close();
      }
    }
  }

  private int requireSlot(int slot) {
    if (slot < 0 || slot >= rows) {
      throw new IllegalArgumentException("slot " + slot + " outside 0.." + rows);
    }
    return slot;
  }
}
