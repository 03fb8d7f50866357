package io.ablate.estimate;

import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;

/**
 * The method that suits what there is to learn from: {@link GradientHierarchicalEstimator} where
 * there are gradients and outputs, {@link GradientHierarchicalLogitsEstimator} where there are
 * logits too, {@link IntegratedGradientEstimator} for a few gradient passes alone; without
 * gradients the one of {@link AutoCandidates} that predicts left-out rows best.
 */
public final class AutoEstimator implements Estimator {
  /** The name of this method. */
  public static final String NAME = "auto";

  private static final String CHOSEN = "chosen";

  /** Outputs per example from which weights for the gradients can be learnt: this many at least. */
  private static final int OUTPUTS = 6;

  /** And one for so many components; with fewer the gradients alone were up to .03 LDS better. */
  private static final int COMPONENTS_PER_OUTPUT = 20;

  /** Outputs that are enough whatever the number of components. */
  private static final int ENOUGH_OUTPUTS = 100;

  /** Components per row: with fewer rows it is worth more to afford the next sum of gradients. */
  private static final int COMPONENTS_PER_ROW = 30;

  /** The same with soft entries, where gradients alone are good for longer. */
  private static final int COMPONENTS_PER_ROW_SOFT = 5;

  /** Rows that are enough whatever the number of components. */
  private static final int ENOUGH_ROWS = 160;

  /** Share of a budget that may go into the fixed price of gradients and outputs together. */
  private static final double FIXED = .2;

  private static final Estimator FORWARD = AutoCandidates.ALL.getFirst().method();
  private static final Estimator GRADIENTS = new IntegratedGradientEstimator();
  private static final Estimator BOTH = new GradientHierarchicalEstimator();
  private static final Estimator WITH_LOGITS = new GradientHierarchicalLogitsEstimator();

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public Optional<Spending> spending(double budget, Costs costs) {
    Optional<Spending> gradients = GRADIENTS.spending(budget, costs);
    if (gradients.isEmpty()) {
      return FORWARD.spending(budget, costs);
    }
    int alone = gradients.get().gradientPasses();
    int fewest =
        costs.soft() ? Math.min(ENOUGH_ROWS, costs.components() / COMPONENTS_PER_ROW_SOFT) : 0;
    return BOTH.spending(budget, costs)
        .filter(s -> s.fixed(costs) <= FIXED * budget)
        .filter(s -> choice(s, costs.components()).equals(BOTH.name()))
        .filter(s -> s.rows() >= fewest)
        .filter(
            s -> s.gradientPasses() >= alone || COMPONENTS_PER_ROW * s.rows() >= costs.components())
        .or(() -> gradients);
  }

  @Override
  public boolean usesGradients() {
    return true;
  }

  @Override
  public boolean wantsLogits() {
    return true;
  }

  @Override
  public ComponentModels fit(TrainingData data, FitContext context) {
    AutoCandidates.Choice choice = choose(data, context);
    ComponentModels models = choice.method().fit(data, context);
    Map<String, Object> diagnostics = new TreeMap<>(models.diagnostics());
    diagnostics.put(CHOSEN, models.method());
    diagnostics.put("reason", choice.reason());
    diagnostics.put("candidates", choice.scores());
    return new ComponentModels(
        NAME,
        models.attributions(),
        models.intercepts(),
        models.standardErrors(),
        models.nonlinear(),
        diagnostics);
  }

  private static AutoCandidates.Choice choose(TrainingData data, FitContext context) {
    GradientData gradients = data.gradients();
    if (gradients == null || gradients.passes() == 0) {
      return AutoCandidates.choose(data, context);
    }
    String choice =
        choice(
            gradients.passes() + data.rows(),
            gradients.unablated() != null || data.rows() > 0,
            data.columns());
    if (!choice.equals(BOTH.name())) {
      return new AutoCandidates.Choice(
          GRADIENTS, "gradients, and too few outputs to weigh them by", Map.of());
    }
    return GradientHierarchicalLogitsEstimator.applies(data)
        ? new AutoCandidates.Choice(
            WITH_LOGITS, "gradients, outputs to weigh them by, logits", Map.of())
        : new AutoCandidates.Choice(BOTH, "gradients, and outputs to weigh them by", Map.of());
  }

  /**
   * The method that {@code auto} would fit to data without gradients.
   *
   * @throws io.ablate.base.InterruptedRunException if the thread is interrupted
   */
  public static Estimator forRows(TrainingData data, FitContext context) {
    return AutoCandidates.choose(data, context).method();
  }

  /** The method behind models that this one fitted. */
  static Estimator chosen(ComponentModels models) {
    return Estimators.byName(Objects.toString(models.diagnostics().get(CHOSEN)));
  }

  /** The name of the method that fits what a spending buys. */
  static String choice(Spending spent, int components) {
    return choice(
        spent.gradientPasses() + spent.rows(), spent.unablated() || spent.rows() > 0, components);
  }

  private static String choice(int outputs, boolean paid, int components) {
    int needed = Math.clamp(components / COMPONENTS_PER_OUTPUT, OUTPUTS, ENOUGH_OUTPUTS);
    return (paid && outputs >= needed ? BOTH : GRADIENTS).name();
  }
}
