package io.ablate.onednn;

import io.ablate.onednn.Kernel.Binding;
import io.ablate.onednn.Kernel.Place;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/** Makes operations of oneDNN of steps. */
final class PrimitiveCompiler {
  private final NativeScope scope;
  private final Descriptors descriptors;
  private final PackedWeights weights;
  private final Program program;
  private final WindowPrimitives windows;
  private long scratchBytes;

  PrimitiveCompiler(Program program, NativeScope scope, PackedWeights weights) {
    this.program = program;
    this.scope = scope;
    this.descriptors = new Descriptors(scope);
    this.weights = weights;
    this.windows = new WindowPrimitives(scope);
  }

  /** Of the operation that needs most. */
  long scratchBytes() {
    return scratchBytes;
  }

  /** Bytes of what operations keep for the way back, by storage. */
  Map<Integer, Long> workspaces() {
    return windows.workspaces();
  }

  /** The kernel of a step; with whatever code oneDNN has. */
  Kernel.Primitive compile(Step step) {
    StepArguments arguments = new StepArguments(step, program, scope, weights);
    MemorySegment output = arguments.descriptor(step.output());
    MemorySegment operation =
        switch (step) {
          case Step.Convolution conv -> windows.convolution(conv, arguments, output);
          case Step.Linear linear -> linear(linear, arguments);
          case Step.Pooling pool -> windows.pooling(pool, arguments, output);
          case Step.Pointwise point -> pointwise(point, arguments, output);
          case Step.Concatenation concat -> concatenation(concat, arguments, output);
          case Step.ConvolutionBack back -> windows.convolutionBack(back, arguments, output);
          case Step.PoolingBack back -> windows.poolingBack(back, arguments, output);
          case Step.MaskBack _ -> throw new IllegalArgumentException("no operation of oneDNN");
        };
    boolean own = step instanceof Step.Linear;
    boolean back = step instanceof Step.ConvolutionBack || step instanceof Step.PoolingBack;
    if (!own) {
      int name = back ? Const.ARG_DIFF_SRC : Const.ARG_DST;
      arguments.add(name, step.output(), output);
    }
    return finish(operation, arguments.runs(), arguments.bindings(), 0);
  }

  /** Makes the operation, with its scratch memory behind so many bytes of others. */
  Kernel.Primitive finish(
      MemorySegment operation, int runs, List<Binding> bindings, long scratchOffset) {
    MemorySegment scratch =
        OneDnn.pointer("dnnl_primitive_desc_query_md", operation, Const.QUERY_SCRATCHPAD_MD, 0);
    long bytes = Descriptors.bytes(scratch);
    if (bytes > 0) {
      long offset = MemoryPlan.aligned(scratchOffset);
      needScratch(offset + bytes);
      bindings.add(new Binding(Const.ARG_SCRATCHPAD, scratch, new Place.Scratch(offset)));
    }
    MemorySegment primitive = scope.make("primitive", "dnnl_primitive_create", operation);
    return new Kernel.Primitive(primitive, implementation(operation), runs, List.copyOf(bindings));
  }

  void needScratch(long bytes) {
    scratchBytes = Math.max(scratchBytes, bytes);
  }

  Descriptors descriptors() {
    return descriptors;
  }

  /** Attributes of an operation that nothing follows. */
  static MemorySegment plainAttributes(NativeScope scope) {
    MemorySegment attributes = scope.make("primitive_attr", "dnnl_primitive_attr_create");
    OneDnn.call("dnnl_primitive_attr_set_scratchpad_mode", attributes, Const.SCRATCHPAD_OF_USER);
    return attributes;
  }

  /** A number per channel, where one may stand for all. */
  static float[] spread(float[] values, int channels) {
    if (values.length == channels) {
      return values;
    }
    float[] all = new float[channels];
    Arrays.fill(all, values[0]);
    return all;
  }

  @SuppressWarnings("restricted") // a C string has no length of its own
  private static String implementation(MemorySegment operation) {
    MemorySegment text =
        OneDnn.result("dnnl_primitive_desc_query", operation, Const.QUERY_IMPLEMENTATION, 0);
    return text.reinterpret(256).getString(0);
  }

  private MemorySegment linear(Step.Linear step, StepArguments arguments) {
    Value input = step.input();
    MemorySegment source = arguments.descriptor(input, linearRows(input));
    MemorySegment output = arguments.descriptor(step.output(), linearRows(input));
    arguments.add(Const.ARG_DST, step.output(), output);
    long[] dims = {step.output().channels(), input.channels()};
    MemorySegment operation =
        scope.make(
            "primitive_desc",
            "dnnl_inner_product_forward_primitive_desc_create",
            OneDnn.engine(),
            Const.FORWARD_INFERENCE,
            source,
            arguments.weight(dims),
            MemorySegment.NULL,
            output,
            arguments.attributes());
    arguments.add(Const.ARG_SRC, input, source);
    arguments.addWeights(operation, step.name(), step.weight(), dims);
    return operation;
  }

  /**
   * One row would be computed by other code, with sums in another order, than many: a row's result
   * must not depend on how many there are. So one row goes with whatever lies behind it.
   */
  static int linearRows(Value value) {
    return Math.max(2, value.batch());
  }

  /**
   * Element-wise operations that start from a product or sum of two tensors: others cannot be
   * followed by anything, and start from a product with ones instead.
   */
  private MemorySegment pointwise(
      Step.Pointwise step, StepArguments arguments, MemorySegment output) {
    Value input = step.input();
    MemorySegment source = arguments.descriptor(input);
    arguments.add(Const.ARG_SRC, input, source);
    if (program.elements(input) != program.elements(step.output())) {
      if (!step.isCopy()) {
        throw new IllegalArgumentException("only a copy goes from one type to another");
      }
      return scope.make(
          "primitive_desc",
          "dnnl_reorder_primitive_desc_create",
          source,
          OneDnn.engine(),
          output,
          OneDnn.engine(),
          plainAttributes(scope));
    }
    PostOp.Binary first =
        step.post().getFirst() instanceof PostOp.Binary binary
            ? binary
            : new PostOp.Binary(Const.BINARY_MUL, new Operand.Constant(new float[] {1}));
    Binding second = arguments.operand(Const.ARG_SRC_1, first.operand(), input);
    arguments.add(second);
    return scope.make(
        "primitive_desc",
        "dnnl_binary_primitive_desc_create",
        OneDnn.engine(),
        first.algorithm(),
        source,
        second.descriptor(),
        output,
        arguments.attributes());
  }

  private MemorySegment concatenation(
      Step.Concatenation step, StepArguments arguments, MemorySegment output) {
    int count = step.inputs().size();
    MemorySegment sources = scope.longs(new long[count]);
    for (int i = 0; i < count; i++) {
      Value input = step.inputs().get(i);
      MemorySegment source = arguments.descriptor(input);
      sources.setAtIndex(ValueLayout.ADDRESS, i, source);
      arguments.add(Const.ARG_MULTIPLE_SRC + i, input, source);
    }
    return scope.make(
        "primitive_desc",
        "dnnl_concat_primitive_desc_create",
        OneDnn.engine(),
        output,
        count,
        1,
        sources,
        arguments.attributes());
  }
}
