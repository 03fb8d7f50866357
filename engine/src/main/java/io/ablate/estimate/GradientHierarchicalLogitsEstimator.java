package io.ablate.estimate;

import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * {@link GradientHierarchicalEstimator} for the output, a hierarchical ridge for every logit, and
 * the output by its own formula from the logits: the logits' models are moved half of the way to
 * where the formula, linearised, agrees with the gradients, and the prediction is the mean of the
 * formula and the gradients' linear model. What {@link HierarchicalLogitsEstimator} gains by not
 * being linear comes on top of what gradients know.
 *
 * <p>Where there are no logits, or the output is one logit and nothing is to be gained, or there
 * are fewer than 16 rows, it is {@link GradientHierarchicalEstimator} and says so: {@code
 * fell_back_to} and {@code because}. Gives no standard errors otherwise.
 */
public final class GradientHierarchicalLogitsEstimator implements Estimator {
  /** The name of this method. */
  public static final String NAME = "gradient-hierarchical-logits";

  /** Rows below which the logits' models cost more than they give; docs/methods.md. */
  private static final int FEWEST_ROWS = 16;

  private static final GradientHierarchicalEstimator GRADIENTS =
      new GradientHierarchicalEstimator();

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public Optional<Spending> spending(double budget, Costs costs) {
    return GRADIENTS.spending(budget, costs);
  }

  @Override
  public boolean usesGradients() {
    return true;
  }

  @Override
  public boolean wantsLogits() {
    return true;
  }

  /** Whether the method is another than {@link GradientHierarchicalEstimator} on these data. */
  static boolean applies(TrainingData data) {
    return whyNot(data).isEmpty();
  }

  private static Optional<String> whyNot(TrainingData data) {
    Optional<String> logits = data.whyLogitsAreOfNoUse();
    return logits.isPresent() || data.rows() >= FEWEST_ROWS
        ? logits
        : Optional.of("fewer than " + FEWEST_ROWS + " rows tell too little of the logits");
  }

  @Override
  public ComponentModels fit(TrainingData data, FitContext context) {
    GradientInputs.require(data, NAME);
    ComponentModels gradients = GRADIENTS.fit(data, context);
    Map<String, Object> diagnostics = new TreeMap<>(gradients.diagnostics());
    Optional<String> whyNot = whyNot(data);
    LogitData logits = data.logits();
    if (logits == null || whyNot.isPresent()) {
      diagnostics.put("fell_back_to", GRADIENTS.name());
      diagnostics.put("because", whyNot.orElseThrow());
      return new ComponentModels(
          NAME,
          gradients.attributions(),
          gradients.intercepts(),
          gradients.standardErrors(),
          diagnostics);
    }
    HierarchicalFit direct = new HierarchicalFit(data, false, context);
    LogitWise fit = new LogitWise(data, logits, direct, context);
    fit.moveTowards(gradients.attributions());
    return fit.models(NAME, gradients.attributions(), diagnostics);
  }
}
