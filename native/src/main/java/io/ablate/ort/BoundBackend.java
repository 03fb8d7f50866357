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
import java.util.Arrays;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;

/**
 * ONNX Runtime with everything bound in place. All that differs from device to device is the {@link
 * Execution}.
 *
 * @param precisions those that it has passes in
 * @param execution a new one for every session, by the precision
 * @param elements of examples in a batch that fill the device; 0 where that is to be tried
 */
record BoundBackend(
    String name,
    String version,
    Set<Precision> precisions,
    Function<Precision, Execution> execution,
    int elements)
    implements ForwardBackend {
  private static final int LEAST_ROWS = 32;
  private static final int MOST_ROWS = 1024;

  /** Whose batches are to be tried. */
  BoundBackend(
      String name,
      String version,
      Set<Precision> precisions,
      Function<Precision, Execution> execution) {
    this(name, version, precisions, execution, 0);
  }

  @Override
  public Optional<Problem> whyNot(InstrumentedModel model, ForwardOptions options) {
    Optional<Problem> problem = options.unless(precisions);
    if (problem.isPresent() || options.precision() != Precision.FP16) {
      return problem;
    }
    try {
      HalfPrecision.of(model, ConvolutionFolding.of(model.model()));
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
  public int batchRows(ForwardOptions options) {
    long each = Math.max(1, Arrays.stream(options.exampleShape()).reduce(1, (a, b) -> a * b));
    return elements == 0
        ? 0
        : Math.clamp(Long.highestOneBit(elements / each), LEAST_ROWS, MOST_ROWS);
  }

  @Override
  public ForwardSession open(InstrumentedModel model, ForwardOptions options) {
    options.require(precisions);
    return new PooledForwardSession<>(model, new BoundForwardLoader(execution, model, options));
  }

  @Override
  public GradientSession openGradients(DifferentiatedModel model, ForwardOptions options) {
    options.require(precisions);
    return new BoundGradientSession(() -> execution.apply(options.precision()), model, options);
  }
}
