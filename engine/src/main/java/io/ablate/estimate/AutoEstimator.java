package io.ablate.estimate;

import java.util.Optional;

/**
 * The method that was best on what there is to learn from: {@link GradientHierarchicalEstimator}
 * where there are gradients and outputs, {@link IntegratedGradientEstimator} for a few gradient
 * passes alone, {@link HierarchicalEstimator} without gradients.
 */
public final class AutoEstimator implements Estimator {
  /** The name of this method. */
  public static final String NAME = "auto";

  /** Outputs per example from which weights for the gradients can be learnt. */
  private static final int OUTPUTS = 8;

  /** Gradient passes from which their own outputs serve as well. */
  private static final int PASSES = 24;

  /** Share of a budget that may go into the fixed price of gradients and outputs together. */
  private static final double FIXED = .1;

  private static final Estimator FORWARD = new HierarchicalEstimator();
  private static final Estimator GRADIENTS = new IntegratedGradientEstimator();
  private static final Estimator BOTH = new GradientHierarchicalEstimator();

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public Optional<Spending> spending(double budget, Costs costs) {
    Optional<Spending> both =
        BOTH.spending(budget, costs)
            .filter(s -> fixed(s, costs) <= FIXED * budget)
            .filter(s -> fitsBoth(s.gradientPasses(), s.rows()));
    if (both.isPresent()) {
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
    return fitsBoth(gradients.passes(), data.rows()) ? BOTH : GRADIENTS;
  }

  /** Rows are bought for nothing else; gradient passes alone did not pay the fixed price. */
  private static boolean fitsBoth(int gradientPasses, int rows) {
    return gradientPasses >= PASSES || (rows > 0 && gradientPasses + rows >= OUTPUTS);
  }

  private static double fixed(Spending spending, Costs costs) {
    return spending.passEquivalents()
        - spending.rows()
        - spending.gradientPasses() * costs.gradientPass();
  }
}
