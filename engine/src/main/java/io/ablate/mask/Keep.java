package io.ablate.mask;

import io.ablate.base.Problem;
import io.ablate.base.UsageException;
import java.util.Locale;

/** Checks of keep probabilities, worded once for all designs. */
final class Keep {
  /** So much may be lost in 1 − keep: 0.9 of 10 components ablates one. */
  private static final double ROUNDING = 1e-9;

  private Keep() {}

  /**
   * @throws UsageException unless {@code keep} is strictly between 0 and 1
   */
  static double require(double keep) {
    if (!(keep > 0 && keep < 1)) {
      throw new UsageException(
          Problem.of("keep is a probability")
              .at("--keep")
              .expected("a number strictly between 0 and 1")
              .found(keep));
    }
    return keep;
  }

  /**
   * α n = (1 − keep) n, for designs that fix how many components a row ablates.
   *
   * @throws UsageException if {@code keep} is no probability, or rows would ablate none of the
   *     components or all of them
   */
  static double ablated(double keep, int columns) {
    double ablated = (1 - require(keep)) * columns;
    if (ablated < 1 - ROUNDING || Math.round(ablated) >= columns) {
      throw new UsageException(
          Problem.of("no such number of ablated components")
              .at("--keep")
              .expected("(1 - keep) · " + columns + " components from 1 to " + (columns - 1))
              .found(String.format(Locale.ROOT, "%.3f", ablated))
              .remedy("choose another --keep, or --design bernoulli"));
    }
    return ablated;
  }

  /** ⌊1/α⌋: how many disjoint sets of a share α = 1 − keep there are. */
  static int disjointSets(double keep) {
    return (int) Math.min(Integer.MAX_VALUE, Math.floor(1 / (1 - keep) + ROUNDING));
  }
}
