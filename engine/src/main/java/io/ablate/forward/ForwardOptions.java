package io.ablate.forward;

import io.ablate.base.BadInputException;
import io.ablate.base.Problem;
import io.ablate.base.UsageException;
import java.util.Optional;
import java.util.Set;

/**
 * How a backend shall run a model.
 *
 * @param threads threads within an operator; the outputs do not depend on it
 * @param exampleShape extents of one example without the batch axis, for models that leave them
 *     open
 * @param precision of the passes; not every backend has every one
 */
public record ForwardOptions(int threads, long[] exampleShape, Precision precision) {
  public ForwardOptions {
    if (threads < 1 || threads > 4096) {
      throw new UsageException(
          Problem.of("impossible number of threads")
              .at("--threads")
              .expected("1 to 4096")
              .found(threads));
    }
  }

  /** In float32. */
  public ForwardOptions(int threads, long[] exampleShape) {
    this(threads, exampleShape, Precision.FP32);
  }

  /** What to say where passes can only be made so; empty if that is what is asked for. */
  public Optional<Problem> unless(Set<Precision> known) {
    return known.contains(precision)
        ? Optional.empty()
        : Optional.of(
            Problem.of("no passes in " + precision.label())
                .expected(Precision.labels(known.stream().sorted().toList()))
                .remedy("use --precision " + Precision.FP32.label()));
  }

  /**
   * For backends that only compute so.
   *
   * @throws BadInputException if another precision is asked for
   */
  public void require(Set<Precision> known) {
    unless(known)
        .ifPresent(
            problem -> {
              throw new BadInputException(problem);
            });
  }

  /** The same in another precision. */
  public ForwardOptions with(Precision other) {
    return new ForwardOptions(threads, exampleShape, other);
  }
}
