package io.ablate.forward;

import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import io.ablate.differentiate.DifferentiatedModel;
import java.util.HashMap;
import java.util.Map;

/** Sessions of ONNX Runtime for a differentiated model, one for each number of rows. */
final class OrtGradientSession implements GradientSession {
  private final OrtEnvironment environment;
  private final DifferentiatedModel model;
  private final ForwardOptions options;
  private final Map<Integer, OrtSession> sessions = new HashMap<>();
  private boolean closed;

  OrtGradientSession(
      OrtEnvironment environment, DifferentiatedModel model, ForwardOptions options) {
    OrtGraphs.requireExamples(model.forward(), options.exampleShape());
    this.environment = environment;
    this.model = model;
    this.options = options;
  }

  @Override
  public DifferentiatedModel model() {
    return model;
  }

  @Override
  public synchronized GradientBatch batch(int rows) {
    if (closed) {
      throw new IllegalStateException("session is closed");
    }
    OrtSession session = sessions.get(rows);
    if (session == null) {
      session =
          OrtSessions.create(
              environment,
              OrtGraphs.onProcessor(
                  model.forward(),
                  model.model(),
                  new BatchShape(rows, rows),
                  options.exampleShape()),
              options.threads());
      sessions.put(rows, session);
    }
    return new OrtGradientBatch(environment, session, model, options.exampleShape(), rows);
  }

  @Override
  public synchronized void close() {
    if (closed) {
      return;
    }
    closed = true;
    try {
      for (OrtSession session : sessions.values()) {
        session.close();
      }
    } catch (OrtException e) {
      throw OrtFaults.fault("ONNX Runtime cannot release the model", model.model(), e);
    }
  }
}
