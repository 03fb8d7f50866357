package io.ablate.evaluate;

import io.ablate.base.BadInputException;
import io.ablate.base.Problem;
import io.ablate.base.UsageException;
import io.ablate.estimate.Costs;
import io.ablate.estimate.FitContext;
import io.ablate.estimate.GradientData;
import io.ablate.estimate.Spending;
import io.ablate.estimate.TrainingData;
import io.ablate.mask.MaskMatrix;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * What a comparison works on: completed rows, of which a range is held out for scoring. Fits use
 * the first N rows.
 *
 * @param data all completed rows
 * @param heldOutFrom first held-out row
 * @param heldOutTo one past the last held-out row
 * @param secondsPerRow seconds that collecting one row for all examples took; NaN if unknown
 * @param gradients gradient passes on offer; null where there are none
 * @param independent which rows are independent Bernoulli draws
 */
public record ComparisonData(
    TrainingData data,
    int heldOutFrom,
    int heldOutTo,
    double secondsPerRow,
    @Nullable GradientOffer gradients,
    IndependentRows independent) {
  public ComparisonData {
    if (heldOutFrom < 0 || heldOutTo > data.rows() || heldOutTo - heldOutFrom < 2) {
      throw new UsageException(
          Problem.of("bad range of held-out rows")
              .expected("at least 2 of the " + data.rows() + " completed rows")
              .found(heldOutFrom + ":" + heldOutTo));
    }
  }

  /** Data without gradient passes, of independent rows. */
  public ComparisonData(TrainingData data, int heldOutFrom, int heldOutTo, double secondsPerRow) {
    this(data, heldOutFrom, heldOutTo, secondsPerRow, null, IndependentRows.ALL);
  }

  /** The draws that all scores on these held-out rows share. */
  public Bootstrap bootstrap(long seed) {
    return new Bootstrap(data.examples(), heldOutTo - heldOutFrom, Bootstrap.DRAWS, seed);
  }

  /**
   * The linearity ceiling by the independent rows among the first {@code samples} or the held-out
   * ones; null where it cannot be told.
   */
  public @Nullable LinearityCeiling linearityCeiling(int samples, FitContext context) {
    TrainingData rows = independentRows(samples);
    return rows == null
        ? null
        : LinearityCeiling.of(rows, bootstrap(context.seed()), context.seed(), context.algebra());
  }

  /** What there is to spend a budget on, and its price. */
  Costs costs() {
    return new Costs(
        gradients == null ? 1 : gradients.cost(),
        data.columns(),
        heldOutFrom,
        gradients == null ? new int[0] : gradients.passes(),
        gradients != null && gradients.soft(),
        gradients != null,
        data.activationScale() != null);
  }

  /** The data that a spending buys, and nothing else that was collected. */
  TrainingData bought(Spending spending) {
    TrainingData rows = data.first(spending.rows());
    TrainingData paid = spending.activationScale() ? rows : rows.withoutActivationScale();
    if (gradients == null || spending.gradientPasses() == 0) {
      return paid.withGradients(null);
    }
    GradientData told = gradients.first().apply(spending.gradientPasses());
    return paid.withGradients(spending.unablated() ? told : told.withoutUnablated());
  }

  /** The independent Bernoulli rows among the first {@code samples} or the held-out ones. */
  @Nullable TrainingData independentRows(int samples) {
    return switch (independent) {
      case ALL -> data.first(samples);
      case HELD_OUT -> data.rows(heldOutFrom, heldOutTo);
      case NONE -> null;
    };
  }

  /** Held-out masks. */
  MaskMatrix heldOutMasks() {
    return data.masks().rows(heldOutFrom, heldOutTo);
  }

  /** Held-out outputs, examples × held-out rows. */
  double[][] heldOutOutputs() {
    return Arrays.stream(data.outputs())
        .map(y -> Arrays.copyOfRange(y, heldOutFrom, heldOutTo))
        .toArray(double[][]::new);
  }

  /** Refuses sample sizes that would fit on rows that are missing or held out. */
  void requireSamples(int samples) {
    if (samples > data.rows()) {
      throw new BadInputException(
          Problem.of("more samples asked than the store holds")
              .expected("at most " + data.rows())
              .found(samples));
    }
    if (samples > heldOutFrom) {
      throw new UsageException(
          Problem.of("samples overlap the held-out rows")
              .expected("at most " + heldOutFrom + " samples before row " + heldOutFrom)
              .found(samples));
    }
  }
}
