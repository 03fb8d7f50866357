package io.ablate.estimate;

/**
 * A method that fits component models. Stateless and thread-safe; deterministic given its context.
 */
public interface Estimator {
  /** The name on the command line and in files. */
  String name();

  /**
   * Fits one model per example.
   *
   * @throws io.ablate.base.BadInputException if the data hold NaN or are too few for this method
   */
  ComponentModels fit(TrainingData data, FitContext context);
}
