package io.ablate.ort;

import io.ablate.forward.BatchShape;
import io.ablate.instrument.InstrumentedModel;
import io.ablate.onnx.OnnxModel;
import org.jspecify.annotations.Nullable;

/**
 * Another provider, whose graphs are rewritten for it: in float16, with {@link MaskedOperator}s in
 * place of what follows a masked layer, with channels last and {@link ImageOperator}s. Graphs of
 * gradients keep precision and layout.
 *
 * @param operators closed together with this; null to put none of ours in
 */
record RewritingProvider(
    ExecutionProvider provider,
    @Nullable DeviceOperators operators,
    boolean half,
    boolean channelsLast)
    implements ExecutionProvider {
  @Override
  public void configure(OrtScope scope, long sessionOptions) {
    provider.configure(scope, sessionOptions);
    if (operators != null) {
      operators.register(sessionOptions);
    }
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
    boolean forward = made == model.model();
    OnnxModel graph = provider.graph(model, made, shape, exampleShape);
    if (half && forward) {
      graph = HalfPrecision.of(model, graph);
    }
    if (operators != null) {
      graph = MaskFusion.of(graph, model.mask());
    }
    return channelsLast && forward ? ChannelsLast.of(graph, operators != null) : graph;
  }

  @Override
  public void close() {
    if (operators != null) {
      operators.close();
    }
    provider.close();
  }
}
