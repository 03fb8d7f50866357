package io.ablate.forward;

import io.ablate.base.Problem;
import io.ablate.base.UsageException;

/**
 * How a backend shall run a model.
 *
 * @param threads threads within an operator; the outputs do not depend on it
 * @param exampleShape extents of one example without the batch axis, for models that leave them
 *     open
 */
public record ForwardOptions(int threads, long[] exampleShape) {
  public ForwardOptions {
    if (threads < 1 || threads > 4096) {
      throw new UsageException(
          Problem.of("impossible number of threads")
              .at("--threads")
              .expected("1 to 4096")
              .found(threads));
    }
  }
}
