package io.ablate.ort;

import ai.onnx.proto.OnnxMl.TensorProto;
import io.ablate.forward.BatchShape;
import io.ablate.instrument.InstrumentedModel;
import io.ablate.onnx.OnnxModel;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * Another provider, whose graphs are rewritten for it: in float16, with {@link MaskedOperator}s in
 * place of what follows a layer, with channels last and {@link ImageOperator}s. Graphs of gradients
 * keep precision and layout.
 */
final class RewritingProvider implements ExecutionProvider {
  private final ExecutionProvider provider;
  private final @Nullable DeviceOperators operators;
  private final boolean half;
  private final boolean channelsLast;

  /** Weights that were turned for one batch shape are those of all. */
  private final Map<String, TensorProto> turned = new ConcurrentHashMap<>();

  private @Nullable OnnxModel prepared;

  /**
   * @param operators closed together with this; null to put none of ours in
   */
  RewritingProvider(
      ExecutionProvider provider,
      @Nullable DeviceOperators operators,
      boolean half,
      boolean channelsLast) {
    this.provider = provider;
    this.operators = operators;
    this.half = half;
    this.channelsLast = channelsLast;
  }

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
    OnnxModel source = forward ? prepared(model) : made;
    OnnxModel graph = provider.graph(model, source, shape, exampleShape);
    if (operators != null) {
      graph = MaskFusion.of(graph, model.mask(), forward);
    }
    return channelsLast && forward ? ChannelsLast.of(graph, operators != null, turned) : graph;
  }

  /** Whatever the batch's shape, once for all of them: a provider serves one model. */
  private synchronized OnnxModel prepared(InstrumentedModel model) {
    if (prepared == null) {
      OnnxModel folded =
          operators != null || channelsLast ? NormFolding.of(model.model()) : model.model();
      prepared = half ? HalfPrecision.of(model, folded) : folded;
    }
    return prepared;
  }

  @Override
  public void close() {
    if (operators != null) {
      operators.close();
    }
    provider.close();
  }
}
