package io.ablate.estimate;

import java.util.Arrays;
import java.util.Map;
import java.util.Optional;

/**
 * The integral of the derivative over each mask entry, which is the difference that ablation makes:
 * estimated from the passes in which the entry was soft, and by the trapezoid rule from those in
 * which it was kept or ablated. While passes are few the plain mean over all of them is less noisy;
 * every layer leans on the integral as far as its replicates show it reliable.
 *
 * <p>Choose it over {@link MaskGradientEstimator} from some dozen passes on. Ordinary rows serve
 * for the intercept only.
 */
public final class IntegratedGradientEstimator implements Estimator {
  /** The name of this method. */
  public static final String NAME = "integrated-gradient";

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
    double[][] theta = new double[data.examples()][];
    Arrays.setAll(theta, evidence::integral);
    double[] intercepts = new double[theta.length];
    Arrays.setAll(intercepts, e -> GradientInputs.intercept(data, gradients, e, theta[e]));
    return new ComponentModels(
        NAME,
        theta,
        intercepts,
        gradients.passes() > 1 ? roots(evidence.variance()) : null,
        Map.of(
            "gradient_passes", gradients.passes(),
            "reliability_of_layer", evidence.reliability()));
  }

  private static double[][] roots(double[][] variances) {
    return Arrays.stream(variances)
        .map(example -> Arrays.stream(example).map(Math::sqrt).toArray())
        .toArray(double[][]::new);
  }
}
