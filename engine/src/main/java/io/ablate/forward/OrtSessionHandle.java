package io.ablate.forward;

import ai.onnxruntime.OrtEnvironment;
import io.ablate.instrument.InstrumentedModel;
import org.jspecify.annotations.Nullable;

/** A session of ONNX Runtime. */
final class OrtSessionHandle implements ForwardSession {
  private final OrtEnvironment environment;
  private final InstrumentedModel model;
  private final ForwardOptions options;
  private final OrtSessionPool sessions;
  private @Nullable OrtColumnValues scale;
  private boolean closed;

  OrtSessionHandle(OrtEnvironment environment, InstrumentedModel model, ForwardOptions options) {
    OrtGraphs.requireExamples(model, options.exampleShape());
    this.environment = environment;
    this.model = model;
    this.options = options;
    this.sessions = new OrtSessionPool(environment, model, options);
    // A model that cannot be loaded is to be known here.
    BatchShape one = new BatchShape(1, 1);
    sessions.acquire(one);
    sessions.release(one);
  }

  @Override
  public InstrumentedModel model() {
    return model;
  }

  @Override
  public synchronized ForwardBatch batch(BatchShape shape) {
    requireOpen();
    return new OrtBatch(environment, sessions, model, options.exampleShape(), shape);
  }

  @Override
  public float[] activationScale(float[] example) {
    InstrumentedModel.ActivationScale graph = model.activationScale();
    if (graph == null) {
      throw new IllegalStateException("model was instrumented without its activation scale");
    }
    OrtColumnValues values;
    synchronized (this) {
      requireOpen();
      if (scale == null) {
        scale =
            new OrtColumnValues(
                environment, graph.model(), model.example(), model.components().size(), options);
      }
      values = scale;
    }
    return values.of(example);
  }

  private void requireOpen() {
    if (closed) {
      throw new IllegalStateException("session is closed");
    }
  }

  @Override
  public synchronized void close() {
    if (closed) {
      return;
    }
    closed = true;
    sessions.close();
    if (scale != null) {
      scale.close();
    }
  }
}
