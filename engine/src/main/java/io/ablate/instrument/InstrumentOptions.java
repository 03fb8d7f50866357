package io.ablate.instrument;

import org.jspecify.annotations.Nullable;

/**
 * What an instrumented model shall compute.
 *
 * @param ablation what becomes of an ablated component
 * @param outputFunction the scalar of one row
 * @param logits name of the tensor that holds the logits; null for the model's first output (a
 *     trailing softmax is bypassed)
 * @param reference for {@link Ablation#MEAN} and {@link Ablation#CONSTANT} the value r of each
 *     column, [n]; null otherwise
 * @param withLogits whether the logits are an output too
 * @param withActivationScale whether the graph of the activation scale is made too
 */
public record InstrumentOptions(
    Ablation ablation,
    OutputFunction outputFunction,
    @Nullable String logits,
    float @Nullable [] reference,
    boolean withLogits,
    boolean withActivationScale) {

  /** COAR's ablation and output function, without extra outputs. */
  public static InstrumentOptions defaults() {
    return new InstrumentOptions(
        Ablation.ZERO_WEIGHTS, OutputFunction.MARGIN, null, null, false, false);
  }

  public InstrumentOptions ablation(Ablation ablation) {
    return new InstrumentOptions(
        ablation, outputFunction, logits, reference, withLogits, withActivationScale);
  }

  public InstrumentOptions outputFunction(OutputFunction outputFunction) {
    return new InstrumentOptions(
        ablation, outputFunction, logits, reference, withLogits, withActivationScale);
  }

  public InstrumentOptions logits(@Nullable String logits) {
    return new InstrumentOptions(
        ablation, outputFunction, logits, reference, withLogits, withActivationScale);
  }

  public InstrumentOptions reference(float @Nullable [] reference) {
    return new InstrumentOptions(
        ablation, outputFunction, logits, reference, withLogits, withActivationScale);
  }

  public InstrumentOptions withLogits(boolean withLogits) {
    return new InstrumentOptions(
        ablation, outputFunction, logits, reference, withLogits, withActivationScale);
  }

  public InstrumentOptions withActivationScale(boolean withActivationScale) {
    return new InstrumentOptions(
        ablation, outputFunction, logits, reference, withLogits, withActivationScale);
  }
}
