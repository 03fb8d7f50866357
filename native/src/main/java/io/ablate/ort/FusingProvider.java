package io.ablate.ort;

import io.ablate.forward.BatchShape;
import io.ablate.instrument.InstrumentedModel;
import io.ablate.onnx.OnnxModel;

/**
 * Another provider, with {@link MaskedOperator}s in place of what follows a masked convolution.
 *
 * @param operators closed together with this
 */
record FusingProvider(ExecutionProvider provider, MaskedOperators operators)
    implements ExecutionProvider {
  @Override
  public void configure(OrtScope scope, long sessionOptions) {
    provider.configure(scope, sessionOptions);
    operators.register(sessionOptions);
  }

  @Override
  public void configureRuns(OrtTable table, long runOptions) {
    provider.configureRuns(table, runOptions);
  }

  @Override
  public long memoryInfo(OrtScope scope) {
    return provider.memoryInfo(scope);
  }

  @Override
  public OnnxModel graph(
      InstrumentedModel model, OnnxModel made, BatchShape shape, long[] exampleShape) {
    return MaskFusion.of(provider.graph(model, made, shape, exampleShape), model.mask());
  }

  @Override
  public void close() {
    operators.close();
    provider.close();
  }
}
