package io.ablate.forward;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import io.ablate.instrument.ExampleInput;
import io.ablate.onnx.OnnxModel;
import java.nio.FloatBuffer;
import java.util.Map;

/** Runs an unmasked graph that returns one value per component. Thread-safe. */
final class OrtColumnValues implements PooledForwardSession.ColumnValues {
  private final OrtEnvironment environment;
  private final OnnxModel graph;
  private final ExampleInput input;
  private final int columns;
  private final ForwardOptions options;
  private final OrtSession session;

  OrtColumnValues(
      OrtEnvironment environment,
      OnnxModel graph,
      ExampleInput input,
      int columns,
      ForwardOptions options) {
    this.environment = environment;
    this.graph = graph;
    this.input = input;
    this.columns = columns;
    this.options = options;
    this.session = OrtSessions.create(environment, graph, options.threads());
  }

  @Override
  public float[] of(float[] example) {
    float[] values = new float[columns];
    DirectTensor tensor =
        DirectTensor.create(environment, input.type(), OrtBatch.shape(1, options.exampleShape()));
    try (tensor;
        OrtSession.Result result = run(tensor, example)) {
      FloatBuffer found = ((OnnxTensor) result.get(0)).getFloatBuffer();
      found.get(values);
      return values;
    }
  }

  private OrtSession.Result run(DirectTensor tensor, float[] example) {
    tensor.set(0, example);
    try {
      return session.run(Map.of(input.name(), tensor.tensor()));
    } catch (OrtException e) {
      throw OrtFaults.fault("ONNX Runtime cannot run the model", graph, e);
    }
  }

  @Override
  public void close() {
    try {
      session.close();
    } catch (OrtException e) {
      throw OrtFaults.fault("ONNX Runtime cannot release the model", graph, e);
    }
  }
}
