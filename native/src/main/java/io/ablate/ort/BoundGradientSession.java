package io.ablate.ort;

import io.ablate.differentiate.DifferentiatedModel;
import io.ablate.forward.ForwardOptions;
import io.ablate.forward.GradientBatch;
import io.ablate.forward.GradientSession;
import io.ablate.forward.OrtGraphs;
import io.ablate.forward.SessionPool;
import java.util.function.Supplier;

/** Sessions of ONNX Runtime for a differentiated model, one for each number of rows. */
final class BoundGradientSession implements GradientSession {
  private final DifferentiatedModel model;
  private final ForwardOptions options;
  private final Execution execution;
  private final SessionPool<NativeSession> sessions;
  private boolean closed;

  BoundGradientSession(
      Supplier<Execution> executions, DifferentiatedModel model, ForwardOptions options) {
    OrtGraphs.requireExamples(model.forward(), options.exampleShape());
    this.model = model;
    this.options = options;
    this.execution = executions.get();
    this.sessions =
        new SessionPool<>(
            shape ->
                NativeSession.open(
                    execution.provider(),
                    execution.provider().gradients(model, shape, options.exampleShape()),
                    options.threads()),
            NativeSession::close);
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
    return new BoundGradientBatch(execution, sessions, model, options.exampleShape(), rows);
  }

  @Override
  public synchronized void close() {
    if (!closed) {
      closed = true;
      sessions.close();
      execution.close();
    }
  }
}
