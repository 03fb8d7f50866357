package io.ablate.estimate;

import java.util.Optional;

/**
 * A method that fits component models. Stateless and thread-safe; deterministic given its context.
 */
public interface Estimator {
  /** The name on the command line and in files. */
  String name();

  /**
   * What this method would use of a store for at most {@code budget} pass equivalents. A method of
   * forward passes only spends all on rows.
   *
   * @return empty if the budget, or what the store holds, is too little for this method
   */
  default Optional<Spending> spending(double budget, Costs costs) {
    return Spending.rowsOnly(budget, false, costs);
  }

  /** Whether the models depend on gradient passes where there are any. */
  default boolean usesGradients() {
    return false;
  }

  /** Whether {@link TrainingData#logits} are worth reading, or collecting, for this method. */
  default boolean wantsLogits() {
    return false;
  }

  /**
   * Fits one model per example.
   *
   * @throws io.ablate.base.BadInputException if the data hold NaN or are too few for this method
   */
  ComponentModels fit(TrainingData data, FitContext context);
}
