package io.ablate.estimate;

import java.util.Optional;

/**
 * How a method uses a budget.
 *
 * @param rows ordinary rows: the first so many
 * @param gradientPasses gradient passes: the first so many; one of {@link Costs#gradientPasses}, or
 *     0
 * @param passEquivalents what that costs, never above the budget
 */
public record Spending(int rows, int gradientPasses, double passEquivalents) {

  /** All on ordinary rows, beside a fixed price; empty below two rows. */
  static Optional<Spending> rowsOnly(double budget, double fixed, Costs costs) {
    int rows = (int) Math.min(costs.rows(), Math.floor(budget - fixed + 1e-9));
    return rows < 2 ? Optional.empty() : Optional.of(new Spending(rows, 0, rows + fixed));
  }

  /** All on gradient passes; empty below one pass. */
  static Optional<Spending> gradientsOnly(double budget, Costs costs) {
    int passes = costs.affordable(budget);
    return passes == 0
        ? Optional.empty()
        : Optional.of(new Spending(0, passes, passes * costs.gradientPass()));
  }
}
