package io.ablate.onednn;

import io.ablate.forward.BatchShape;
import io.ablate.forward.Precision;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The steps of a program as it grows. An element-wise operation joins the step that computes its
 * input where nothing else uses that input; otherwise it becomes a step of its own.
 */
final class ProgramBuilder {
  private final BatchShape shape;
  private final List<Step> steps = new ArrayList<>();
  private final List<int[]> masks = new ArrayList<>();
  private final Map<Integer, Integer> producers = new HashMap<>();
  private final Set<Integer> masked = new HashSet<>();
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
    noteMasked(step);
    return step.output();
  }

  private void noteMasked(Step step) {
    if (step.inputs().stream().anyMatch(this::isMasked)
        || step.post().stream().anyMatch(this::isMasked)) {
      masked.add(step.output().storage());
    }
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
      noteMasked(steps.get(producer));
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
              && producers.getOrDefault(tensor.value().storage(), -1) >= producer)
          && (precision == Precision.FP32 || joinsInEveryBatch(steps.get(producer), value, op));
    }
    return true;
  }

  /**
   * What all masks of an example share is stored, and so rounded, where its rows are one: then it
   * must be in every batch, or a row's bits would depend on its company.
   */
  private boolean joinsInEveryBatch(Step producer, Value value, PostOp op) {
    if (!isMasked(value)) {
      return !isMasked(op);
    }
    // Where rows begin to differ they go one by one, and take what they share as it is.
    boolean begins = producer instanceof Step.Pointwise point && !isMasked(point.input());
    return isMasked(op) || begins || !takesValue(op);
  }

  /** Whether the rows of a value begin to differ where it is computed. */
  boolean spreads(Value value) {
    Integer producer = producers.get(value.storage());
    return producer != null
        && steps.get(producer) instanceof Step.Pointwise point
        && point.input().batch() < value.batch();
  }

  /** Whether masks have a part in a value. */
  private boolean isMasked(Value value) {
    return masked.contains(value.storage());
  }

  private boolean isMasked(PostOp op) {
    return op instanceof PostOp.Binary(int _, Operand operand)
        && switch (operand) {
          case Operand.Mask _ -> true;
          case Operand.Tensor(Value value) -> isMasked(value);
          case Operand.Constant _ -> false;
        };
  }

  private boolean isOpen(Step step, PostOp op) {
    if (step instanceof Step.Pooling || step instanceof Step.Concatenation) {
      return false;
    }
    boolean masks = op instanceof PostOp.Binary(int _, Operand.Mask _);
    if (!keeps) {
      // Depthwise code takes one mask for all rows, but not one for each: then none, or the places
      // where numbers are rounded would depend on the batch.
      return precision == Precision.FP32
          || !(masks && step instanceof Step.Convolution conv && conv.groups() > 1);
    }
    // A mask comes first and a function last, so that its input and its result are values; one
    // value is added.
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
    Set<Integer> unrounded = new HashSet<>();
    Value result = precision == Precision.FP32 ? logits : unrounded(logits, unrounded);
    return new Program(
        shape,
        input,
        List.copyOf(steps),
        List.copyOf(masks),
        result,
        null,
        precision,
        Set.copyOf(unrounded));
  }

  /**
   * The logits as float32: sums of products are written as such, also where something element-wise
   * follows; others are copied.
   *
   * @param storages of float32
   */
  private Value unrounded(Value logits, Set<Integer> storages) {
    Step last = producer(logits);
    if (last instanceof Step.Pointwise point && isSumOfProducts(producer(point.input()))) {
      int raw = point.input().storage();
      boolean only = steps.stream().filter(step -> reads(step, raw)).count() == 1;
      if (only) {
        storages.addAll(List.of(raw, logits.storage()));
        return logits;
      }
    }
    Value result = isSumOfProducts(last) ? logits : copy(logits, logits.batch());
    storages.add(result.storage());
    return result;
  }

  private static boolean isSumOfProducts(@Nullable Step step) {
    return step instanceof Step.Linear || step instanceof Step.Convolution;
  }

  private @Nullable Step producer(Value value) {
    Integer producer = producers.get(value.storage());
    return producer == null ? null : steps.get(producer);
  }

  private static boolean reads(Step step, int storage) {
    return CompiledProgram.reads(step).stream().anyMatch(value -> value.storage() == storage);
  }
}
