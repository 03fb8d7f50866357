package io.ablate.onednn;

import io.ablate.forward.BatchShape;
import io.ablate.forward.Precision;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What computes the logits of an instrumented model for one batch shape: a list of operations, each
 * with the element-wise ones that follow it (mask, bias, residual, activation).
 *
 * @param shape rows of masks and of examples
 * @param input the examples
 * @param steps in order
 * @param masks for every part of the mask that is multiplied with a value, the columns of the mask
 *     that its channels belong to; −1 for a channel that is always kept
 * @param logits [rows, classes]
 * @param backward what makes it a program of gradients; null for passes alone
 * @param precision of values and weights
 * @param unrounded storages of values that are float32 where others are not: logits, and what they
 *     come from
 */
record Program(
    BatchShape shape,
    Value input,
    List<Step> steps,
    List<int[]> masks,
    Value logits,
    @Nullable Backward backward,
    Precision precision,
    Set<Integer> unrounded) {

  /**
   * The way back: the steps from {@code first} on compute the derivative by the masks.
   *
   * @param first position of the first step back
   * @param logits derivative of each row's scalar by its logits, [rows, classes], set between
   */
  record Backward(int first, Value logits) {}

  /** What a value is stored as. */
  Elements elements(Value value) {
    return unrounded.contains(value.storage()) ? Elements.F32 : weights();
  }

  /** What weights are stored as. */
  Elements weights() {
    return precision == Precision.FP32 ? Elements.F32 : Elements.BF16;
  }

  /** Bytes of one row of a value. */
  long rowBytes(Value value) {
    return value.elements() / value.batch() * elements(value).bytes();
  }
}
