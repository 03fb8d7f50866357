package io.ablate.estimate;

import java.util.Arrays;
import java.util.Map;
import java.util.Optional;

/**
 * The mean derivative of the output by every mask entry over a few random masks: θ_i = mean of ∂ᵢf
 * over the gradient passes.
 *
 * <p>Choose it for the smallest budgets: one pass tells of all components. Where components are few
 * and large the derivative is not the difference that ablation makes, and more passes do not help;
 * see {@link IntegratedGradientEstimator}. Ordinary rows serve for the intercept only.
 */
public final class MaskGradientEstimator implements Estimator {
  /** The name of this method. */
  public static final String NAME = "mask-gradient";

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public Optional<Spending> spending(double budget, Costs costs) {
    return Spending.gradientsOnly(budget, costs);
  }

  @Override
  public boolean usesGradients() {
    return true;
  }

  @Override
  public ComponentModels fit(TrainingData data, FitContext context) {
    GradientData gradients = GradientInputs.require(data, NAME);
    GradientEvidence evidence =
        GradientEvidence.of(gradients, data.examples(), new Layers(data.layerOfColumn()));
    double[] intercepts = new double[data.examples()];
    Arrays.setAll(
        intercepts, e -> GradientInputs.intercept(data, gradients, e, evidence.mean()[e]));
    return new ComponentModels(
        NAME, evidence.mean(), intercepts, Map.of("gradient_passes", gradients.passes()));
  }
}
