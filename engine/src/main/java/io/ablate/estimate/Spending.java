package io.ablate.estimate;

import java.util.Optional;

/**
 * How a method uses a budget: all that it may look at, and what that costs.
 *
 * @param rows ordinary rows: the first so many
 * @param gradientPasses gradient passes: the first so many; one of {@link Costs#gradientPasses}, or
 *     0
 * @param unablated whether the gradient at the mask of ones is among what was paid for
 * @param activationScale whether the pass of the activation scale is
 * @param passEquivalents what that costs, never above the budget
 */
public record Spending(
    int rows,
    int gradientPasses,
    boolean unablated,
    boolean activationScale,
    double passEquivalents) {

  /**
   * What these cost.
   *
   * @param rows ordinary rows
   * @param gradientPasses gradient passes, without the unablated one
   */
  static Spending of(
      int rows, int gradientPasses, boolean unablated, boolean activationScale, Costs costs) {
    double price =
        rows
            + (gradientPasses + (unablated ? 1 : 0)) * costs.gradientPass()
            + (activationScale ? 1 : 0);
    return new Spending(rows, gradientPasses, unablated, activationScale, price);
  }

  /** All on ordinary rows, beside the activation scale if wanted; empty below two rows. */
  static Optional<Spending> rowsOnly(double budget, boolean activationScale, Costs costs) {
    double left = budget - (activationScale ? 1 : 0);
    int rows = (int) Math.min(costs.rows(), Math.floor(left + 1e-9));
    return rows < 2 ? Optional.empty() : Optional.of(of(rows, 0, false, activationScale, costs));
  }

  /** All on gradient passes; empty below one pass. */
  static Optional<Spending> gradientsOnly(double budget, Costs costs) {
    int passes = costs.affordable(budget);
    return passes == 0 ? Optional.empty() : Optional.of(of(0, passes, false, false, costs));
  }

  /** The part that went neither into rows nor into gradient passes at ablated masks. */
  double fixed(Costs costs) {
    return (unablated ? costs.gradientPass() : 0) + (activationScale ? 1 : 0);
  }
}
