package io.ablate.ort;

import ai.onnx.proto.OnnxMl.TensorProto;
import io.ablate.base.BadInputException;
import io.ablate.differentiate.DifferentiatedModel;
import io.ablate.differentiate.MaskGradients;
import io.ablate.forward.BatchShape;
import io.ablate.instrument.InstrumentedModel;
import io.ablate.onnx.OnnxModel;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * Another provider, whose graphs are rewritten for it: in float16, with {@link MaskedOperator}s in
 * place of what follows a layer, with channels last and {@link ImageOperator}s.
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
  public boolean records() {
    return provider.records();
  }

  @Override
  public void configure(OrtScope scope, long sessionOptions, boolean record) {
    provider.configure(scope, sessionOptions, record);
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
    OnnxModel graph = rewritten(model, made, shape, exampleShape);
    return half && made == model.model() ? HalfPrecision.withHalfMasks(graph, model.mask()) : graph;
  }

  /** With masks in float32, as they are where they need not be 0 or 1. */
  private OnnxModel rewritten(
      InstrumentedModel model, OnnxModel made, BatchShape shape, long[] exampleShape) {
    boolean forward = made == model.model();
    OnnxModel source = forward ? prepared(model) : made;
    OnnxModel graph = provider.graph(model, source, shape, exampleShape);
    if (operators != null) {
      graph = MaskFusion.of(graph, model.mask(), forward);
    }
    return channelsLast && forward ? ChannelsLast.of(graph, operators != null, turned) : graph;
  }

  /**
   * The graph that runs forward, differentiated; or, where a rule lacks for it, the model's own
   * derivative, in float32 and its layout.
   */
  @Override
  public OnnxModel gradients(DifferentiatedModel model, BatchShape shape, long[] exampleShape) {
    if (operators != null) {
      InstrumentedModel forward = model.forward();
      OnnxModel graph = rewritten(forward, forward.model(), shape, exampleShape);
      try {
        DifferentiatedModel made =
            MaskGradients.of(
                forward.with(graph), DeviceGradients.standard(), half ? HalfPrecision.SCALE : 1);
        if (made.gradient().equals(model.gradient())) {
          return made.model();
        }
      } catch (BadInputException e) {
        // Of what stands in the model itself, its own derivative was made without complaint.
      }
    }
    return rewritten(model.forward(), model.model(), shape, exampleShape);
  }

  /** Whatever the batch's shape, once for all of them: a provider serves one model. */
  private synchronized OnnxModel prepared(InstrumentedModel model) {
    if (prepared == null) {
      OnnxModel folded =
          operators != null || channelsLast ? ConvolutionFolding.of(model.model()) : model.model();
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
