package io.ablate.tools.command;

import io.ablate.base.Problem;
import io.ablate.base.UsageException;
import io.ablate.dataset.CollectRequest;
import io.ablate.dataset.GradientSegments;
import io.ablate.mask.GradientMasks;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Gradient passes beside the ordinary ones: shared by plan and collect. */
final class GradientOptions {
  @Option(
      names = "--gradients",
      order = 27,
      paramLabel = "Q",
      description =
          "Run Q gradient passes per example too, each forward and backward, and one at the mask of"
              + " ones; --masks may then be 0 (default: none).")
  private @Nullable Integer passes;

  @Option(
      names = "--soft",
      order = 28,
      paramLabel = "RHO",
      description =
          "Share of mask entries that gradient passes draw uniformly between 0 and 1; the others are"
              + " ablated less often, so that the mean stays --keep if it can (default: 0).")
  private @Nullable Double soft;

  boolean wanted() {
    return passes != null;
  }

  /**
   * Checks the options before any work.
   *
   * @param first number of the first pass
   */
  void require(int first) {
    if (passes != null) {
      GradientSegments.requireRange(first, passes);
    }
    if (soft != null && passes == null) {
      throw new UsageException(
          Problem.of("--soft is for gradient passes").remedy("give --gradients Q as well"));
    }
    if (soft != null) {
      requireShare(soft);
    }
  }

  /** The value of {@code --soft}, checked. */
  static double requireShare(double soft) {
    new GradientMasks(0, .5, soft, 1);
    return soft;
  }

  /**
   * The request with the gradient passes that were asked for.
   *
   * @param first number of the first one
   */
  CollectRequest added(CollectRequest request, Workbench bench, int first) {
    return passes == null
        ? request
        : request.withGradients(bench.gradients(first, passes, soft == null ? 0 : soft));
  }
}
