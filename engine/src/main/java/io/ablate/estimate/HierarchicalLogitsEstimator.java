package io.ablate.estimate;

import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * A hierarchical ridge for every centred logit, and the output by its own formula from the
 * predicted logits; the prediction is the mean of that and the hierarchical ridge of the output
 * itself. Logits are closer to linear in the mask than a margin, whose strongest competitor
 * changes. Attributions are the linearisation: the formula's mean gradient over the training masks.
 * One factorisation per example serves all its logits. {@link LayerMeans} say what the components
 * of a layer do on average to the label's logit against the others.
 *
 * <p>Where there are no logits, or the output is one logit and nothing is to be gained, it is
 * {@link HierarchicalEstimator} and says so: {@code fell_back_to} and {@code because}.
 */
public final class HierarchicalLogitsEstimator implements Estimator {
  /** The name of this method. */
  public static final String NAME = "hierarchical-logits";

  /** The name of its linear part as a method. */
  public static final String LINEAR_NAME = NAME + ComponentModels.LINEAR_SUFFIX;

  private final boolean linear;

  /** The method that predicts with the formula. */
  public HierarchicalLogitsEstimator() {
    this(false);
  }

  private HierarchicalLogitsEstimator(boolean linear) {
    this.linear = linear;
  }

  /** The method that keeps the linearisation only. */
  public static HierarchicalLogitsEstimator linear() {
    return new HierarchicalLogitsEstimator(true);
  }

  @Override
  public String name() {
    return linear ? LINEAR_NAME : NAME;
  }

  @Override
  public Optional<Spending> spending(double budget, Costs costs) {
    return Spending.rowsOnly(budget, costs.activationScale(), costs);
  }

  @Override
  public boolean wantsLogits() {
    return true;
  }

  @Override
  public ComponentModels fit(TrainingData data, FitContext context) {
    HierarchicalFit direct = new HierarchicalFit(data, false, context);
    LogitData logits = data.logits();
    Optional<String> whyNot = data.whyLogitsAreOfNoUse();
    if (logits == null || whyNot.isPresent()) {
      return fallBack(direct, whyNot.orElseThrow());
    }
    LogitWise fit = new LogitWise(data, logits, direct, context);
    ComponentModels models = fit.models(NAME, direct.theta, direct.diagnostics());
    return linear ? models.linear() : models;
  }

  private ComponentModels fallBack(HierarchicalFit direct, String why) {
    ComponentModels models = direct.models();
    Map<String, Object> diagnostics = new TreeMap<>(models.diagnostics());
    diagnostics.put("fell_back_to", HierarchicalEstimator.NAME);
    diagnostics.put("because", why);
    return new ComponentModels(name(), models.attributions(), models.intercepts(), diagnostics);
  }
}
