package io.ablate.ort;

import io.ablate.base.BadInputException;
import io.ablate.base.Problem;
import io.ablate.differentiate.DifferentiatedModel;
import io.ablate.forward.ForwardBackend;
import io.ablate.forward.ForwardOptions;
import io.ablate.forward.ForwardSession;
import io.ablate.forward.GradientSession;
import io.ablate.forward.PooledForwardSession;
import io.ablate.forward.Precision;
import io.ablate.instrument.InstrumentedModel;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;

/**
 * ONNX Runtime with everything bound in place. All that differs from device to device is the {@link
 * Execution}.
 *
 * @param precisions those that it has passes in; gradients are in float32 where it has them in
 *     float16
 * @param execution a new one for every session, by the precision
 */
record BoundBackend(
    String name,
    String version,
    Set<Precision> precisions,
    Function<Precision, Execution> execution)
    implements ForwardBackend {
  @Override
  public Optional<Problem> whyNot(InstrumentedModel model, ForwardOptions options) {
    Optional<Problem> problem = options.unless(precisions);
    if (problem.isPresent() || options.precision() != Precision.FP16) {
      return problem;
    }
    try {
      HalfPrecision.of(model, model.model());
      return Optional.empty();
    } catch (BadInputException e) {
      return Optional.of(Problem.of(String.valueOf(e.getMessage())));
    }
  }

  @Override
  public boolean accelerates(Precision precision) {
    return precisions.contains(precision);
  }

  @Override
  public ForwardSession open(InstrumentedModel model, ForwardOptions options) {
    options.require(precisions);
    return new PooledForwardSession<>(model, new BoundForwardLoader(execution, model, options));
  }

  @Override
  public GradientSession openGradients(DifferentiatedModel model, ForwardOptions options) {
    options.require(precisions);
    ForwardOptions exact =
        options.precision() == Precision.FP16 ? options.with(Precision.FP32) : options;
    return new BoundGradientSession(() -> execution.apply(exact.precision()), model, exact);
  }
}
