package io.ablate.ort;

import io.ablate.differentiate.DifferentiatedModel;
import io.ablate.forward.ForwardBackend;
import io.ablate.forward.ForwardOptions;
import io.ablate.forward.ForwardSession;
import io.ablate.forward.GradientSession;
import io.ablate.forward.PooledForwardSession;
import io.ablate.instrument.InstrumentedModel;
import java.util.function.Supplier;

/**
 * ONNX Runtime with everything bound in place. All that differs from device to device is the {@link
 * Execution}.
 *
 * @param execution a new one for every session
 */
record BoundBackend(String name, String version, Supplier<Execution> execution)
    implements ForwardBackend {
  @Override
  public ForwardSession open(InstrumentedModel model, ForwardOptions options) {
    options.requireFp32();
    return new PooledForwardSession<>(model, new BoundForwardLoader(execution, model, options));
  }

  @Override
  public GradientSession openGradients(DifferentiatedModel model, ForwardOptions options) {
    options.requireFp32();
    return new BoundGradientSession(execution, model, options);
  }
}
