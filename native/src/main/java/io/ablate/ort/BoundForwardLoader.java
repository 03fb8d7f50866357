package io.ablate.ort;

import io.ablate.forward.BatchShape;
import io.ablate.forward.ForwardBatch;
import io.ablate.forward.ForwardOptions;
import io.ablate.forward.ForwardSession;
import io.ablate.forward.OrtCpuBackend;
import io.ablate.forward.OrtGraphs;
import io.ablate.forward.PooledForwardSession;
import io.ablate.forward.Precision;
import io.ablate.forward.SessionPool;
import io.ablate.instrument.InstrumentedModel;
import io.ablate.mask.MaskDesign;
import java.util.function.Function;

/** ONNX Runtime's C interface for an instrumented model. */
final class BoundForwardLoader implements PooledForwardSession.Loader<NativeSession> {
  private final InstrumentedModel model;
  private final ForwardOptions options;
  private final Function<Precision, Execution> executions;
  private final Execution execution;
  private int classes = -1;

  BoundForwardLoader(
      Function<Precision, Execution> executions, InstrumentedModel model, ForwardOptions options) {
    OrtGraphs.requireExamples(model, options.exampleShape());
    this.model = model;
    this.options = options;
    this.executions = executions;
    this.execution = executions.apply(options.precision());
  }

  @Override
  public NativeSession load(BatchShape shape) {
    ExecutionProvider provider = execution.provider();
    return NativeSession.open(
        provider,
        provider.graph(model, model.model(), shape, options.exampleShape()),
        options.threads());
  }

  @Override
  public void free(NativeSession session) {
    session.close();
  }

  @Override
  public ForwardBatch batch(SessionPool<NativeSession> sessions, BatchShape shape) {
    return new BoundForwardBatch(
        execution, sessions, model, options.exampleShape(), shape, classes());
  }

  private synchronized int classes() {
    if (classes < 0) {
      classes = countClasses();
    }
    return classes;
  }

  private int countClasses() {
    if (model.logits() == null) {
      return 0;
    }
    if (model.classes() > 0) {
      return model.classes();
    }
    // An output must have its extents before it is bound: a model that does not tell them is asked.
    try (ForwardSession plain = new OrtCpuBackend().open(model, options.with(Precision.FP32));
        ForwardBatch one = plain.batch(new BatchShape(1, 1))) {
      return one.classes();
    }
  }

  @Override
  public MaskDesign drawing(MaskDesign design) {
    return execution.memory().drawing(design);
  }

  @Override
  public PooledForwardSession.ColumnValues columnValues(InstrumentedModel.ActivationScale graph) {
    // Their graph is neither in float16 nor of fixed extents, as recordings need.
    return new BoundColumnValues(executions.apply(Precision.FP32), model, graph, options);
  }

  @Override
  public void close() {
    execution.close();
  }
}
