package io.ablate.onednn;

import io.ablate.base.Problem;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A program's operations, compiled for this processor, and the memory that a run of them needs.
 * Batches of the same shape share it. Immutable once made; thread-safe.
 */
final class CompiledProgram implements AutoCloseable {
  private final NativeScope scope = new NativeScope();
  private final Program program;
  private final PrimitiveCompiler primitives;
  private final WinogradCompiler winograd;
  private final List<Kernel> forward = new ArrayList<>();
  private final List<Kernel> backward = new ArrayList<>();
  private final MemoryPlan memory;
  private final List<Cut> cuts;

  /** Position in {@link #forward} of the first kernel of a step. */
  private final int[] firstKernels;

  private @Nullable Problem withoutFastCode;
  private long slackBytes;

  /**
   * Compiles.
   *
   * @param weights where packed weights are kept
   */
  CompiledProgram(Program program, PackedWeights weights) {
    this.program = program;
    this.primitives = new PrimitiveCompiler(program, scope, weights);
    this.winograd = new WinogradCompiler(program, primitives, scope, weights);
    int first = program.backward() == null ? program.steps().size() : program.backward().first();
    this.firstKernels = new int[first];
    this.cuts = Cut.of(program);
    try {
      for (int i = 0; i < program.steps().size(); i++) {
        if (i < first) {
          firstKernels[i] = forward.size();
        }
        compile(program.steps().get(i), i < first ? forward : backward);
      }
    } catch (RuntimeException e) {
      scope.close();
      throw e;
    }
    this.memory = plan();
  }

  Program program() {
    return program;
  }

  /** What leads to the logits. */
  List<Kernel> forward() {
    return List.copyOf(forward);
  }

  /** What leads from the derivative by the logits to that by the masks. */
  List<Kernel> backward() {
    return List.copyOf(backward);
  }

  /** Where a pass can begin that has its beginning in common with another; in order. */
  List<Cut> cuts() {
    return cuts;
  }

  /** Whether a kernel of {@link #forward} is the first of a step, and of which; −1 if not. */
  int stepBegunBy(int kernel) {
    return Math.max(-1, Arrays.binarySearch(firstKernels, kernel));
  }

  MemoryPlan memory() {
    return memory;
  }

  /** Bytes of the values, with room for a row behind the last. */
  long valueBytes() {
    return memory.bytes() + slackBytes;
  }

  /** Of the operation that needs most. */
  long scratchBytes() {
    return Math.max(primitives.scratchBytes(), winograd.scratchBytes());
  }

  /** The first operation that only oneDNN's plain reference code computes, as a problem. */
  Optional<Problem> withoutFastCode() {
    return Optional.ofNullable(withoutFastCode);
  }

  private void compile(Step step, List<Kernel> kernels) {
    if (step instanceof Step.MaskBack back) {
      kernels.add(MaskBackCompiler.compile(back, program, scope));
      return;
    }
    if (step instanceof Step.Convolution conv) {
      Kernel kernel = winograd.compile(conv);
      if (kernel != null) {
        kernels.add(kernel);
        return;
      }
    }
    Kernel.Primitive kernel = primitives.compile(step);
    if (isSlow(kernel) && step instanceof Step.Convolution conv && !conv.post().isEmpty()) {
      // Depthwise convolutions, for one, are not followed by a mask: that becomes an operation.
      Value output = conv.output();
      kernels.add(noteIfSlow(primitives.compile(conv.alone()), step));
      kernel = primitives.compile(new Step.Pointwise(output, output, conv.post()));
    }
    kernels.add(noteIfSlow(kernel, step));
  }

  private Kernel noteIfSlow(Kernel.Primitive kernel, Step step) {
    if (withoutFastCode == null && isSlow(kernel)) {
      withoutFastCode =
          Problem.of("oneDNN has no fast code for an operation on this processor")
              .at(step.name())
              .found(kernel.implementation());
    }
    return kernel;
  }

  private static boolean isSlow(Kernel.Primitive kernel) {
    return kernel.implementation().startsWith("ref");
  }

  private MemoryPlan plan() {
    List<Step> steps = program.steps();
    Map<Integer, MemoryPlan.Need> needs = new HashMap<>();
    for (int i = 0; i < steps.size(); i++) {
      Step step = steps.get(i);
      need(needs, step.output(), i);
      for (Value input : reads(step)) {
        need(needs, input, i);
      }
      int choices = choices(step);
      if (choices >= 0) {
        need(needs, choices, primitives.workspaces().getOrDefault(choices, 0L), i);
      }
    }
    // These lie elsewhere: they stay from one run to the next, or are read and set between steps.
    needs.remove(program.input().storage());
    needs.remove(program.logits().storage());
    Program.Backward back = program.backward();
    if (back != null) {
      needs.remove(back.logits().storage());
    }
    return MemoryPlan.of(new ArrayList<>(needs.values()));
  }

  private static int choices(Step step) {
    return switch (step) {
      case Step.Pooling pool -> pool.choices();
      case Step.PoolingBack back -> back.forward().choices();
      default -> -1;
    };
  }

  private void need(Map<Integer, MemoryPlan.Need> needs, Value value, int step) {
    int rows = value.flat() ? PrimitiveCompiler.linearRows(value) : value.batch();
    long row = program.rowBytes(value);
    slackBytes = Math.max(slackBytes, row);
    need(needs, value.storage(), rows * row, step);
  }

  private static void need(Map<Integer, MemoryPlan.Need> needs, int storage, long bytes, int step) {
    needs.merge(storage, new MemoryPlan.Need(storage, bytes, step, step), MemoryPlan.Need::joined);
  }

  /** All values that a step reads, those of what follows it included. */
  static List<Value> reads(Step step) {
    List<Value> inputs = new ArrayList<>(step.inputs());
    for (PostOp op : step.post()) {
      if (op instanceof PostOp.Binary(int _, Operand.Tensor(Value value))) {
        inputs.add(value);
      }
    }
    return inputs;
  }

  @Override
  public void close() {
    scope.close();
  }
}
