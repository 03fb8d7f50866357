package io.ablate.forward;

import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import io.ablate.instrument.InstrumentedModel;

/** ONNX Runtime's Java interface, on the processor. */
record OrtForwardLoader(OrtEnvironment environment, InstrumentedModel model, ForwardOptions options)
    implements PooledForwardSession.Loader<OrtSession> {
  OrtForwardLoader {
    OrtGraphs.requireExamples(model, options.exampleShape());
  }

  @Override
  public OrtSession load(BatchShape shape) {
    return OrtSessions.create(
        environment,
        OrtGraphs.onProcessor(model, model.model(), shape, options.exampleShape()),
        options.threads());
  }

  @Override
  public void free(OrtSession session) {
    try {
      session.close();
    } catch (OrtException e) {
      throw OrtFaults.fault("ONNX Runtime cannot release the model", model.model(), e);
    }
  }

  @Override
  public ForwardBatch batch(SessionPool<OrtSession> sessions, BatchShape shape) {
    return new OrtBatch(environment, sessions, model, options.exampleShape(), shape);
  }

  @Override
  public PooledForwardSession.ColumnValues columnValues(InstrumentedModel.ActivationScale graph) {
    return new OrtColumnValues(
        environment, graph.model(), model.example(), model.components().size(), options);
  }

  /** The environment is the process's. */
  @Override
  public void close() {}
}
