package io.ablate.estimate;

import java.util.Optional;

/**
 * The method that was best on what there is to learn from: {@link GradientHierarchicalEstimator}
 * from a handful of outputs on, {@link IntegratedGradientEstimator} below, {@link
 * HierarchicalEstimator} without gradients.
 */
public final class AutoEstimator implements Estimator {
  /** The name of this method. */
  public static final String NAME = "auto";

  /** Outputs per example from which weights for the gradients can be learnt. */
  private static final int OUTPUTS = 8;

  private static final Estimator FORWARD = new HierarchicalEstimator();
  private static final Estimator GRADIENTS = new IntegratedGradientEstimator();
  private static final Estimator BOTH = new GradientHierarchicalEstimator();

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public Optional<Spending> spending(double budget, Costs costs) {
    Optional<Spending> both = BOTH.spending(budget, costs);
    if (both.isPresent() && both.get().rows() + both.get().gradientPasses() >= OUTPUTS) {
      return both;
    }
    Optional<Spending> gradients = GRADIENTS.spending(budget, costs);
    return gradients.isPresent() ? gradients : FORWARD.spending(budget, costs);
  }

  @Override
  public ComponentModels fit(TrainingData data, FitContext context) {
    ComponentModels models = choose(data).fit(data, context);
    java.util.Map<String, Object> diagnostics = new java.util.TreeMap<>(models.diagnostics());
    diagnostics.put("chosen", models.method());
    return new ComponentModels(
        NAME, models.attributions(), models.intercepts(), models.standardErrors(), diagnostics);
  }

  private static Estimator choose(TrainingData data) {
    GradientData gradients = data.gradients();
    if (gradients == null || gradients.passes() == 0) {
      return FORWARD;
    }
    return gradients.passes() + data.rows() >= OUTPUTS ? BOTH : GRADIENTS;
  }
}
