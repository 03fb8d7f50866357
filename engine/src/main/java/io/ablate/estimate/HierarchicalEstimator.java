package io.ablate.estimate;

import java.util.Optional;

/**
 * Ridge regression whose prior knows the layers and how much every component says: y = c + X̃
 * diag(s) w + ε with w of layer g ~ N(μ_g, τ_g² I), s a power of the activation scale relative to
 * the layer's mean (1 where none was collected). One set of τ_g and σ, and the power, for all
 * examples maximise the sum of their marginal likelihoods; μ_g, what a layer's components do on
 * average, follows from the outputs of all ({@link LayerMeans}). Standard errors are those of the
 * posterior given all these.
 *
 * <p>Choose it over ridge wherever components fall into layers: with few rows it needs a half to a
 * fifth of the passes. Counts one more pass than rows, for the activation scale. Cost: a few
 * seconds for the hyper-parameters, then min(m, n)³/3 + m·n·min(m, n) per example.
 */
public final class HierarchicalEstimator implements Estimator {
  /** The name of this method. */
  public static final String NAME = "hierarchical";

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public Optional<Spending> spending(double budget, Costs costs) {
    return Spending.rowsOnly(budget, costs.activationScale(), costs);
  }

  @Override
  public ComponentModels fit(TrainingData data, FitContext context) {
    return new HierarchicalFit(data, true, context).models();
  }
}
