package io.ablate.forward;

import io.ablate.differentiate.DifferentiatedModel;
import io.ablate.instrument.InstrumentedModel;
import java.util.Set;

/** ONNX Runtime on the CPU: the reference that every other backend must agree with. */
public final class OrtCpuBackend implements ForwardBackend {
  public static final String NAME = "onnxruntime-cpu";

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public String version() {
    return OrtSessions.environment().getVersion();
  }

  @Override
  public ForwardSession open(InstrumentedModel model, ForwardOptions options) {
    options.require(Set.of(Precision.FP32));
    return new PooledForwardSession<>(
        model, new OrtForwardLoader(OrtSessions.environment(), model, options));
  }

  @Override
  public GradientSession openGradients(DifferentiatedModel model, ForwardOptions options) {
    options.require(Set.of(Precision.FP32));
    return new OrtGradientSession(OrtSessions.environment(), model, options);
  }
}
