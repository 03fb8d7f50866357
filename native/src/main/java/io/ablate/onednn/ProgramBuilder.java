package io.ablate.onednn;

import io.ablate.forward.BatchShape;
import io.ablate.forward.Precision;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The steps of a program as it grows. An element-wise operation joins the step that computes its
 * input where nothing else uses that input; otherwise it becomes a step of its own.
 */
final class ProgramBuilder {
  private final BatchShape shape;
  private final List<Step> steps = new ArrayList<>();
  private final List<int[]> masks = new ArrayList<>();
  private final Map<Integer, Integer> producers = new HashMap<>();
  private final Precision precision;
  private final boolean keeps;
  private int storages;

  /**
   * @param keeps whether what the way back needs is kept: the inputs of masks, and of rectifiers
   *     their results
   */
  ProgramBuilder(BatchShape shape, Precision precision, boolean keeps) {
    this.shape = shape;
    this.precision = precision;
    this.keeps = keeps;
  }

  int newStorage() {
    return storages++;
  }

  int rows() {
    return shape.rows();
  }

  /** A part of the mask as an operand. */
  Operand.Mask mask(int[] columns) {
    masks.add(columns);
    return new Operand.Mask(masks.size() - 1, shape.masks());
  }

  Value add(Step step) {
    producers.put(step.output().storage(), steps.size());
    steps.add(step);
    return step.output();
  }

  /**
   * A value with an operation applied.
   *
   * @param onlyUse whether nothing else uses the value as it is
   */
  Value apply(Value value, boolean onlyUse, PostOp op) {
    Integer producer = producers.get(value.storage());
    if (onlyUse && producer != null && joins(value, op)) {
      steps.get(producer).post().add(op);
      return value;
    }
    int rows = op instanceof PostOp.Binary b ? Math.max(value.batch(), b.operand().batch()) : 1;
    Value output = value.withStorage(newStorage(), Math.max(rows, value.batch()));
    return add(new Step.Pointwise(value, output, new ArrayList<>(List.of(op))));
  }

  /** Whether the step that computes the value can do this as well. */
  boolean joins(Value value, PostOp op) {
    Integer producer = producers.get(value.storage());
    if (producer == null || !isOpen(steps.get(producer), op)) {
      return false;
    }
    if (op instanceof PostOp.Binary binary) {
      return binary.operand().batch() <= value.batch()
          && !(binary.operand() instanceof Operand.Tensor tensor
              && producers.getOrDefault(tensor.value().storage(), -1) >= producer);
    }
    return true;
  }

  private boolean isOpen(Step step, PostOp op) {
    if (step instanceof Step.Pooling || step instanceof Step.Concatenation) {
      return false;
    }
    if (!keeps) {
      return true;
    }
    // A mask comes first and a function last, so that its input and its result are values; one
    // value is added.
    boolean masks = op instanceof PostOp.Binary(int _, Operand.Mask _);
    return step instanceof Step.Pointwise
        && !masks
        && step.post().getLast() instanceof PostOp.Binary
        && !(takesValue(op) && step.post().stream().anyMatch(ProgramBuilder::takesValue));
  }

  private static boolean takesValue(PostOp op) {
    return op instanceof PostOp.Binary(int _, Operand.Tensor _);
  }

  /** The value with a row for each row of the program. */
  Value repeated(Value value) {
    return value.batch() == rows() ? value : copy(value, rows());
  }

  private Value copy(Value value, int rows) {
    return add(
        new Step.Pointwise(
            value,
            value.withStorage(newStorage(), rows),
            new ArrayList<>(List.of(new PostOp.Eltwise(Const.ELTWISE_LINEAR, 1, 0)))));
  }

  Program build(Value input, Value logits) {
    return new Program(
        shape, input, List.copyOf(steps), List.copyOf(masks), stored(logits), null, precision);
  }

  /** As float32 if they are not: a sum of products is written as such, others are copied. */
  private Value stored(Value logits) {
    Integer producer = producers.get(logits.storage());
    boolean widens =
        producer != null
            && !(steps.get(producer) instanceof Step.Pooling)
            && !(steps.get(producer) instanceof Step.Concatenation);
    return precision == Precision.FP32 || widens ? logits : copy(logits, logits.batch());
  }
}
