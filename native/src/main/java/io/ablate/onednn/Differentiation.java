package io.ablate.onednn;

import io.ablate.base.Problem;
import io.ablate.jit.MaskBackward;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Reverse mode over a {@link Program}: the steps that lead from the derivative by the logits to
 * that by every part of the mask. Only values that a mask has a part in are gone through.
 */
final class Differentiation {
  private final Program program;
  private final List<Step> steps;
  private final Set<Integer> masked = new HashSet<>();
  private final Set<Integer> unrounded;

  /** Derivatives that are there already, by the storage of the value. */
  private final Map<Integer, Value> gradients = new HashMap<>();

  private int storages;

  private Differentiation(Program program) {
    this.program = program;
    this.steps = new ArrayList<>(program.steps());
    this.unrounded = new HashSet<>(program.unrounded());
  }

  /**
   * A program with the way back behind it.
   *
   * @param program one whose masks' inputs and rectifiers' results are values
   * @throws UnsupportedGraphException naming the operation that cannot be gone back through
   */
  static Program of(Program program) throws UnsupportedGraphException {
    return new Differentiation(program).differentiate();
  }

  private Program differentiate() throws UnsupportedGraphException {
    storages = 1 + steps.stream().mapToInt(step -> step.output().storage()).max().orElse(0);
    storages = Math.max(storages, program.input().storage() + 1);
    keepChoices();
    for (Step step : steps) {
      if (isMasked(step)) {
        masked.add(step.output().storage());
      }
    }
    int first = steps.size();
    Value logits = like(program.logits());
    gradients.put(program.logits().storage(), logits);
    for (int i = first - 1; i >= 0; i--) {
      Step step = steps.get(i);
      Value gradient = gradients.get(step.output().storage());
      if (gradient != null && masked.contains(step.output().storage())) {
        back(step, view(gradient, step.output()));
      }
    }
    return new Program(
        program.shape(),
        program.input(),
        List.copyOf(steps),
        program.masks(),
        program.logits(),
        new Program.Backward(first, logits),
        program.precision(),
        Set.copyOf(unrounded));
  }

  /** The way back through a maximum needs to know where it was. */
  private void keepChoices() {
    for (int i = 0; i < steps.size(); i++) {
      if (steps.get(i) instanceof Step.Pooling pool && pool.algorithm() == Const.POOLING_MAX) {
        steps.set(
            i,
            new Step.Pooling(
                pool.input(), pool.algorithm(), pool.window(), pool.output(), storages++));
      }
    }
  }

  private boolean isMasked(Step step) {
    for (PostOp op : step.post()) {
      if (op instanceof PostOp.Binary(int _, Operand operand)
          && (operand instanceof Operand.Mask
              || operand instanceof Operand.Tensor(Value value)
                  && masked.contains(value.storage()))) {
        return true;
      }
    }
    return step.inputs().stream().anyMatch(input -> masked.contains(input.storage()));
  }

  private void back(Step step, Value gradient) throws UnsupportedGraphException {
    switch (step) {
      case Step.Pointwise point -> pointwise(point, gradient);
      case Step.Convolution conv -> convolution(conv, gradient);
      case Step.Linear linear -> linear(linear, gradient);
      case Step.Pooling pool ->
          add(pool.input(), target -> new Step.PoolingBack(pool, gradient, target));
      case Step.Concatenation concat -> throw unsupported(concat, "a concatenation");
      case Step.MaskBack _, Step.ConvolutionBack _, Step.PoolingBack _ ->
          throw new IllegalArgumentException("a step back in a forward program");
    }
  }

  private static UnsupportedGraphException unsupported(Step step, String found) {
    return new UnsupportedGraphException(
        Problem.of("no fused gradient passes for this model").at(step.name()).found(found));
  }

  private void pointwise(Step.Pointwise step, Value gradient) throws UnsupportedGraphException {
    boolean rectified = false;
    int mask = -1;
    @Nullable Value added = null;
    for (PostOp op : step.post()) {
      switch (op) {
        case PostOp.Eltwise(int algorithm, float alpha, float beta) -> {
          boolean identity = algorithm == Const.ELTWISE_LINEAR && alpha == 1 && beta == 0;
          rectified = algorithm == Const.ELTWISE_RELU && alpha == 0;
          if (!rectified && !identity) {
            throw unsupported(step, "a function other than Relu");
          }
        }
        case PostOp.Binary(int algorithm, Operand.Mask part) when algorithm == Const.BINARY_MUL ->
            mask = part.index();
        case PostOp.Binary(int algorithm, Operand.Constant _)
            when algorithm == Const.BINARY_ADD || algorithm == Const.BINARY_SUB -> {}
        case PostOp.Binary(int algorithm, Operand.Tensor(Value value))
            when algorithm == Const.BINARY_ADD -> {
          if (added != null || value.elements() != step.output().elements()) {
            throw unsupported(step, "several sums, or one that broadcasts");
          }
          added = value;
        }
        case PostOp.Binary _ -> throw unsupported(step, "a product of values");
      }
    }
    Value output = step.output();
    boolean needsAdded = added != null && masked.contains(added.storage());
    boolean known = needsAdded && added != null && gradients.containsKey(added.storage());
    Value residual = needsAdded && added != null ? gradientOf(added) : null;
    if (residual != null && isUnrounded(residual) != isUnrounded(gradient)) {
      throw unsupported(step, "a sum of values of two precisions");
    }
    MaskBackward.Form form =
        new MaskBackward.Form(
            rectified,
            mask >= 0,
            residual == null
                ? MaskBackward.Residual.NONE
                : known ? MaskBackward.Residual.ADDED : MaskBackward.Residual.STORED);
    if (!form.isIdentity()) {
      if (output.channels() % MaskBackward.VECTOR != 0) {
        throw unsupported(step, output.channels() + " channels, no multiple of eight");
      }
      steps.add(
          new Step.MaskBack(
              gradient,
              rectified ? output : null,
              mask >= 0 ? step.input() : null,
              mask,
              residual,
              known));
    }
    if (masked.contains(step.input().storage())) {
      accumulate(step.input(), gradient);
    }
  }

  private void convolution(Step.Convolution step, Value gradient) throws UnsupportedGraphException {
    if (!step.post().isEmpty()) {
      throw unsupported(step, "operations that are not kept apart");
    }
    if (!WinogradCompiler.fits(step, program.precision())) {
      add(step.input(), target -> new Step.ConvolutionBack(step, gradient, target));
      return;
    }
    if (!masked.contains(step.input().storage())) {
      return;
    }
    boolean known = gradients.containsKey(step.input().storage());
    Value target = gradientOf(step.input());
    Step.Convolution back = turned(step, gradient, target);
    if (known) {
      back.post().add(new PostOp.Binary(Const.BINARY_ADD, new Operand.Tensor(target)));
    }
    steps.add(back);
  }

  /** The convolution of the output's derivative that gives the input's, for stride 1. */
  private static Step.Convolution turned(Step.Convolution step, Value gradient, Value target) {
    long[] dims = step.dims();
    int out = (int) dims[0];
    int in = (int) dims[1];
    int window = (int) (dims[2] * dims[3]);
    float[] weight = step.weight();
    float[] turned = new float[weight.length];
    for (int o = 0; o < out; o++) {
      for (int i = 0; i < in; i++) {
        for (int p = 0; p < window; p++) {
          turned[(i * out + o) * window + window - 1 - p] = weight[(o * in + i) * window + p];
        }
      }
    }
    Step.Window w = step.window();
    long[] before = new long[2];
    long[] after = new long[2];
    for (int axis = 0; axis < 2; axis++) {
      before[axis] = w.kernel()[axis] - 1 - w.before()[axis];
      after[axis] = w.kernel()[axis] - 1 - w.after()[axis];
    }
    return new Step.Convolution(
        gradient,
        step.name() + " back",
        turned,
        new long[] {in, out, dims[2], dims[3]},
        null,
        step.groups(),
        new Step.Window(w.kernel(), w.strides(), w.dilations(), before, after),
        target,
        new ArrayList<>());
  }

  private void linear(Step.Linear step, Value gradient) {
    int out = step.output().channels();
    int in = step.input().channels();
    float[] weight = step.weight();
    float[] transposed = new float[weight.length];
    for (int o = 0; o < out; o++) {
      for (int i = 0; i < in; i++) {
        transposed[i * out + o] = weight[o * in + i];
      }
    }
    add(
        step.input(),
        target ->
            new Step.Linear(
                gradient, step.name() + " back", transposed, target, new ArrayList<>()));
  }

  private interface StepTo {
    Step make(Value target);
  }

  /** Adds a step that overwrites its target to the derivative by a value. */
  private void add(Value value, StepTo step) {
    if (!masked.contains(value.storage())) {
      return;
    }
    if (!gradients.containsKey(value.storage())) {
      steps.add(step.make(gradientOf(value)));
      return;
    }
    Value more = like(value);
    steps.add(step.make(more));
    accumulate(value, more);
  }

  private void accumulate(Value value, Value more) {
    Value known = gradients.get(value.storage());
    if (known == null) {
      gradients.put(value.storage(), more);
      return;
    }
    Value target = view(known, value);
    steps.add(
        new Step.Pointwise(
            target,
            target,
            new ArrayList<>(
                List.of(
                    new PostOp.Binary(Const.BINARY_ADD, new Operand.Tensor(view(more, value)))))));
  }

  /** The place of the derivative by a value. */
  private Value gradientOf(Value value) {
    Value known = gradients.computeIfAbsent(value.storage(), storage -> like(value));
    return view(known, value);
  }

  private boolean isUnrounded(Value value) {
    return unrounded.contains(value.storage());
  }

  private Value like(Value value) {
    Value gradient = value.withStorage(storages++, value.batch());
    if (isUnrounded(value)) {
      unrounded.add(gradient.storage());
    }
    return gradient;
  }

  /** A derivative with the extents of a view of its value. */
  private static Value view(Value gradient, Value of) {
    return of.withStorage(gradient.storage(), gradient.batch());
  }
}
