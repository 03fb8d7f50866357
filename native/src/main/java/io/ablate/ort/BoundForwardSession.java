package io.ablate.ort;

import io.ablate.forward.BatchShape;
import io.ablate.forward.ForwardBatch;
import io.ablate.forward.ForwardOptions;
import io.ablate.forward.ForwardSession;
import io.ablate.forward.OrtCpuBackend;
import io.ablate.forward.OrtGraphs;
import io.ablate.instrument.InstrumentedModel;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Sessions of ONNX Runtime for an instrumented model, one for each batch shape. */
final class BoundForwardSession implements ForwardSession {
  private final InstrumentedModel model;
  private final ForwardOptions options;
  private final Execution execution;
  private final SessionPool sessions;
  private int classes = -1;
  private @Nullable BoundColumnValues scale;
  private boolean closed;

  BoundForwardSession(
      Supplier<Execution> executions, InstrumentedModel model, ForwardOptions options) {
    OrtGraphs.requireExamples(model, options.exampleShape());
    this.model = model;
    this.options = options;
    this.execution = executions.get();
    this.sessions =
        new SessionPool(
            execution.provider(),
            options.threads(),
            shape ->
                execution.provider().graph(model, model.model(), shape, options.exampleShape()));
    // A model that cannot be loaded is to be known here.
    BatchShape one = new BatchShape(1, 1);
    try {
      sessions.acquire(one);
      sessions.release(one);
    } catch (RuntimeException e) {
      execution.close();
      throw e;
    }
  }

  @Override
  public InstrumentedModel model() {
    return model;
  }

  @Override
  public synchronized ForwardBatch batch(BatchShape shape) {
    requireOpen();
    if (classes < 0) {
      classes = countClasses();
    }
    return new BoundForwardBatch(
        execution, sessions, model, options.exampleShape(), shape, classes);
  }

  private int countClasses() {
    if (model.logits() == null) {
      return 0;
    }
    if (model.classes() > 0) {
      return model.classes();
    }
    // An output must have its extents before it is bound: a model that does not tell them is asked.
    try (ForwardSession plain = new OrtCpuBackend().open(model, options);
        ForwardBatch one = plain.batch(new BatchShape(1, 1))) {
      return one.classes();
    }
  }

  @Override
  public float[] activationScale(float[] example) {
    InstrumentedModel.ActivationScale graph = model.activationScale();
    if (graph == null) {
      throw new IllegalStateException("model was instrumented without its activation scale");
    }
    BoundColumnValues values;
    synchronized (this) {
      requireOpen();
      if (scale == null) {
        scale = new BoundColumnValues(execution, model, graph, options);
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
    if (scale != null) {
      scale.close();
    }
    sessions.close();
    execution.close();
  }
}
