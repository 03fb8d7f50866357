package io.ablate.onednn;

import io.ablate.onednn.Kernel.Binding;
import io.ablate.onednn.Kernel.Place;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What an operation of oneDNN is given besides its kind: the element-wise operations that follow
 * it, and the tensors that it reads and writes.
 */
final class StepArguments {
  private final Program program;
  private final NativeScope scope;
  private final Descriptors descriptors;
  private final PackedWeights weights;
  private final MemorySegment attributes;
  private final List<Binding> bindings = new ArrayList<>();
  private final int runs;

  StepArguments(Step step, Program program, NativeScope scope, PackedWeights weights) {
    this.program = program;
    this.scope = scope;
    this.descriptors = new Descriptors(scope);
    this.weights = weights;
    boolean spreads = step instanceof Step.Pointwise p && p.input().batch() < p.output().batch();
    this.runs = spreads ? step.output().batch() : 1;
    this.attributes = PrimitiveCompiler.plainAttributes(scope);
    MemorySegment list = scope.make("post_ops", "dnnl_post_ops_create");
    List<PostOp> post = step.post();
    boolean started = step instanceof Step.Pointwise && post.getFirst() instanceof PostOp.Binary;
    int first = started ? 1 : 0;
    for (int i = first; i < post.size(); i++) {
      append(list, i - first, post.get(i), step.output());
    }
    OneDnn.call("dnnl_primitive_attr_set_post_ops", attributes, list);
  }

  /** Rows of a value in one run. */
  int rows(Value value) {
    return runs > 1 ? 1 : value.batch();
  }

  private void append(MemorySegment list, int index, PostOp op, Value output) {
    switch (op) {
      case PostOp.Eltwise function ->
          OneDnn.appendEltwise(list, function.algorithm(), function.alpha(), function.beta());
      case PostOp.Binary binary -> {
        int name = Const.ARG_POST_OP * (index + 1) | Const.ARG_SRC_1;
        Binding operand = operand(name, binary.operand(), output);
        bindings.add(operand);
        OneDnn.call("dnnl_post_ops_append_binary", list, binary.algorithm(), operand.descriptor());
      }
    }
  }

  Binding operand(int name, Operand operand, Value with) {
    return switch (operand) {
      case Operand.Constant constant -> {
        float[] values = PrimitiveCompiler.spread(constant.values(), with.channels());
        yield new Binding(name, perChannel(with, 1), new Place.Fixed(scope.floats(values)));
      }
      case Operand.Mask mask -> {
        boolean steps = runs > 1 && mask.batch() > 1;
        long row = (long) with.channels() * Float.BYTES;
        yield new Binding(
            name,
            perChannel(with, runs > 1 ? 1 : mask.batch()),
            new Place.OfMask(mask.index(), steps ? row : 0));
      }
      case Operand.Tensor tensor -> {
        Value value = tensor.value();
        yield binding(name, value, descriptor(value), runs);
      }
    };
  }

  private MemorySegment perChannel(Value with, int rows) {
    return with.flat()
        ? descriptors.plain(rows, with.channels())
        : descriptors.plain(rows, with.channels(), 1, 1);
  }

  /** With what follows the step. */
  MemorySegment attributes() {
    return attributes;
  }

  List<Binding> bindings() {
    return bindings;
  }

  /** How often the operation is run in a pass: once, or once per row. */
  int runs() {
    return runs;
  }

  /** Of what a run reads or writes of a value. */
  MemorySegment descriptor(Value value) {
    return descriptor(value, rows(value));
  }

  MemorySegment descriptor(Value value, int rows) {
    return descriptors.of(value, program.elements(value), rows);
  }

  /** Of a weight, in whatever order the operation likes best. */
  MemorySegment weight(long[] dims) {
    return descriptors.any(program.weights(), dims);
  }

  /** Adds a value under an argument's name. */
  void add(int name, Value value, MemorySegment descriptor) {
    bindings.add(binding(name, value, descriptor, runs));
  }

  void add(Binding binding) {
    bindings.add(binding);
  }

  private Binding binding(int name, Value value, MemorySegment descriptor, int runs) {
    boolean steps = runs > 1 && value.batch() > 1;
    return new Binding(
        name, descriptor, new Place.OfValue(value.storage(), steps ? program.rowBytes(value) : 0));
  }

  /** Adds a number per channel; returns its descriptor, that of none for null. */
  MemorySegment addBias(float @Nullable [] biases) {
    if (biases == null) {
      return MemorySegment.NULL;
    }
    MemorySegment bias = descriptors.plain(biases.length);
    add(new Binding(Const.ARG_BIAS, bias, new Place.Fixed(scope.floats(biases))));
    return bias;
  }

  /** Adds a weight in the order that the operation has chosen. */
  void addWeights(MemorySegment operation, String name, float[] values, long[] dims) {
    MemorySegment wanted =
        OneDnn.pointer("dnnl_primitive_desc_query_md", operation, Const.QUERY_WEIGHTS_MD, 0);
    add(
        new Binding(
            Const.ARG_WEIGHTS,
            wanted,
            new Place.Fixed(weights.get(name, () -> values, dims, wanted))));
  }
}
