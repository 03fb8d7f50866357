package io.ablate.ort;

import io.ablate.forward.ForwardOptions;
import io.ablate.forward.PooledForwardSession;
import io.ablate.instrument.InstrumentedModel;

/** Runs an unmasked graph that returns one value per component. Thread-safe. */
final class BoundColumnValues implements PooledForwardSession.ColumnValues {
  private final Execution execution;
  private final NativeSession session;
  private final Binding binding;
  private final BoundTensor example;
  private final BoundTensor values;
  private final int columns;

  /**
   * @param execution closed together with this
   */
  BoundColumnValues(
      Execution execution,
      InstrumentedModel model,
      InstrumentedModel.ActivationScale graph,
      ForwardOptions options) {
    this.execution = execution;
    columns = model.components().size();
    try {
      session = NativeSession.open(execution.provider(), graph.model(), options.threads());
    } catch (RuntimeException e) {
      execution.close();
      throw e;
    }
    try {
      binding = new Binding(execution, session, graph.model());
      example =
          binding.input(
              model.example().name(),
              model.example().type(),
              Binding.shape(1, options.exampleShape()));
      values = binding.output(graph.output(), 1, columns);
    } catch (RuntimeException e) {
      session.close();
      execution.close();
      throw e;
    }
  }

  @Override
  public synchronized float[] of(float[] input) {
    example.set(0, input);
    binding.run();
    float[] found = new float[columns];
    values.get(0, found);
    return found;
  }

  @Override
  public synchronized void close() {
    binding.close();
    session.close();
    execution.close();
  }
}
