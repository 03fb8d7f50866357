package io.ablate;

import io.ablate.component.ComponentRules;
import io.ablate.instrument.Ablation;
import io.ablate.instrument.OutputFunction;

/**
 * How {@link Ablate} looks at a model. Immutable; start from {@link #defaults()} and change what
 * differs.
 *
 * @param components which components to ablate
 * @param ablation what becomes of an ablated component
 * @param output the scalar to explain
 * @param keep probability that a mask keeps a component, in (0, 1)
 * @param method name of the estimator (see {@link io.ablate.estimate.Estimators#names()})
 * @param linalg name of the matrix backend, or {@code auto}
 * @param seed of masks and fits
 * @param threads within an operator; results do not depend on it
 * @param batch masks per forward pass; 0 for 32 on the processor, and up to 256 on a device
 */
public record ModelSettings(
    ComponentRules components,
    Ablation ablation,
    OutputFunction output,
    double keep,
    String method,
    String linalg,
    long seed,
    int threads,
    int batch) {

  /** All filters and neurons, COAR's ablation and margin, keep 0.9, the method {@code auto}. */
  public static ModelSettings defaults() {
    return new ModelSettings(
        ComponentRules.defaults(),
        Ablation.ZERO_WEIGHTS,
        OutputFunction.MARGIN,
        0.9,
        "auto",
        "auto",
        0,
        Runtime.getRuntime().availableProcessors(),
        0);
  }

  /** A rule such as {@code "conv-filter,!layers.0.*"}; see {@link ComponentRules}. */
  public ModelSettings components(String rule) {
    return new ModelSettings(
        ComponentRules.parse(rule), ablation, output, keep, method, linalg, seed, threads, batch);
  }

  public ModelSettings ablation(Ablation value) {
    return new ModelSettings(components, value, output, keep, method, linalg, seed, threads, batch);
  }

  public ModelSettings output(OutputFunction value) {
    return new ModelSettings(
        components, ablation, value, keep, method, linalg, seed, threads, batch);
  }

  public ModelSettings keep(double value) {
    return new ModelSettings(
        components, ablation, output, value, method, linalg, seed, threads, batch);
  }

  public ModelSettings method(String value) {
    return new ModelSettings(
        components, ablation, output, keep, value, linalg, seed, threads, batch);
  }

  public ModelSettings linalg(String value) {
    return new ModelSettings(
        components, ablation, output, keep, method, value, seed, threads, batch);
  }

  public ModelSettings seed(long value) {
    return new ModelSettings(
        components, ablation, output, keep, method, linalg, value, threads, batch);
  }

  public ModelSettings threads(int value) {
    return new ModelSettings(
        components, ablation, output, keep, method, linalg, seed, value, batch);
  }

  public ModelSettings batch(int value) {
    return new ModelSettings(
        components, ablation, output, keep, method, linalg, seed, threads, value);
  }
}
