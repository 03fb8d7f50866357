package io.ablate.onednn;

import io.ablate.onednn.Kernel.Binding;
import io.ablate.onednn.Kernel.Place;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Makes operations of oneDNN of steps. */
final class PrimitiveCompiler {
  private final NativeScope scope;
  private final Descriptors descriptors;
  private final PackedWeights weights;
  private final Program program;
  private final Map<Integer, Long> workspaces = new HashMap<>();
  private long scratchBytes;

  PrimitiveCompiler(Program program, NativeScope scope, PackedWeights weights) {
    this.program = program;
    this.scope = scope;
    this.descriptors = new Descriptors(scope);
    this.weights = weights;
  }

  /** Of the operation that needs most. */
  long scratchBytes() {
    return scratchBytes;
  }

  /** Bytes of what operations keep for the way back, by storage. */
  Map<Integer, Long> workspaces() {
    return workspaces;
  }

  /** The kernel of a step; with whatever code oneDNN has. */
  Kernel.Primitive compile(Step step) {
    Attributes attributes = new Attributes(step);
    List<Binding> bindings = attributes.bindings;
    MemorySegment output = descriptor(step.output(), attributes.rows(step.output()));
    MemorySegment operation =
        switch (step) {
          case Step.Convolution conv -> convolution(conv, attributes, output);
          case Step.Linear linear -> linear(linear, attributes);
          case Step.Pooling pool -> pooling(pool, attributes, output);
          case Step.Pointwise point -> pointwise(point, attributes, output);
          case Step.Concatenation concat -> concatenation(concat, attributes, output);
          case Step.ConvolutionBack back -> convolutionBack(back, attributes, output);
          case Step.PoolingBack back -> poolingBack(back, attributes, output);
          case Step.MaskBack _ -> throw new IllegalArgumentException("no operation of oneDNN");
        };
    boolean own = step instanceof Step.Linear;
    boolean back = step instanceof Step.ConvolutionBack || step instanceof Step.PoolingBack;
    if (!own) {
      int name = back ? Const.ARG_DIFF_SRC : Const.ARG_DST;
      bindings.add(binding(name, step.output(), output, attributes.runs));
    }
    return finish(operation, attributes.runs, bindings, 0);
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
  MemorySegment plainAttributes() {
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

  private MemorySegment descriptor(Value value, int rows) {
    return descriptors.of(value, program.elements(value), rows);
  }

  private Binding binding(int name, Value value, MemorySegment descriptor, int runs) {
    long row = program.rowBytes(value);
    boolean steps = runs > 1 && value.batch() > 1;
    return new Binding(name, descriptor, new Place.OfValue(value.storage(), steps ? row : 0));
  }

  private Binding input(Value value, MemorySegment descriptor, Attributes attributes) {
    return binding(Const.ARG_SRC, value, descriptor, attributes.runs);
  }

  private MemorySegment convolution(
      Step.Convolution step, Attributes attributes, MemorySegment output) {
    Value input = step.input();
    MemorySegment source = descriptor(input, input.batch());
    MemorySegment bias = MemorySegment.NULL;
    float[] biases = step.bias();
    if (biases != null) {
      bias = descriptors.plain(biases.length);
      attributes.bindings.add(
          new Binding(Const.ARG_BIAS, bias, new Place.Fixed(scope.floats(biases))));
    }
    MemorySegment operation = convolutionForward(step, source, bias, output, attributes);
    attributes.bindings.add(input(input, source, attributes));
    addWeights(operation, step.name(), step.weight(), grouped(step), attributes);
    return operation;
  }

  private MemorySegment convolutionForward(
      Step.Convolution step,
      MemorySegment source,
      MemorySegment bias,
      MemorySegment output,
      Attributes attributes) {
    Step.Window window = step.window();
    return scope.make(
        "primitive_desc",
        "dnnl_convolution_forward_primitive_desc_create",
        OneDnn.engine(),
        Const.FORWARD_INFERENCE,
        Const.CONVOLUTION_DIRECT,
        source,
        descriptors.any(program.weights(), grouped(step)),
        bias,
        output,
        scope.longs(window.strides()),
        scope.longs(holes(window)),
        scope.longs(window.before()),
        scope.longs(window.after()),
        attributes.segment);
  }

  /** Extents of the weight, the groups first where there are several. */
  private static long[] grouped(Step.Convolution step) {
    long[] dims = step.dims();
    return step.groups() == 1
        ? dims
        : new long[] {step.groups(), dims[0] / step.groups(), dims[1], dims[2], dims[3]};
  }

  private MemorySegment convolutionBack(
      Step.ConvolutionBack step, Attributes attributes, MemorySegment target) {
    Step.Convolution forward = step.forward();
    Value gradient = step.gradient();
    MemorySegment from = descriptor(gradient, gradient.batch());
    MemorySegment hint = convolutionForward(forward, target, MemorySegment.NULL, from, attributes);
    Step.Window window = forward.window();
    MemorySegment operation =
        scope.make(
            "primitive_desc",
            "dnnl_convolution_backward_data_primitive_desc_create",
            OneDnn.engine(),
            Const.CONVOLUTION_DIRECT,
            target,
            descriptors.any(program.weights(), grouped(forward)),
            from,
            scope.longs(window.strides()),
            scope.longs(holes(window)),
            scope.longs(window.before()),
            scope.longs(window.after()),
            hint,
            attributes.segment);
    attributes.bindings.add(binding(Const.ARG_DIFF_DST, gradient, from, 1));
    addWeights(operation, forward.name(), forward.weight(), grouped(forward), attributes);
    return operation;
  }

  /** oneDNN counts the positions left out between two of the window. */
  private static long[] holes(Step.Window window) {
    return Arrays.stream(window.dilations()).map(dilation -> dilation - 1).toArray();
  }

  private void addWeights(
      MemorySegment operation, String name, float[] values, long[] dims, Attributes attributes) {
    MemorySegment wanted =
        OneDnn.pointer("dnnl_primitive_desc_query_md", operation, Const.QUERY_WEIGHTS_MD, 0);
    attributes.bindings.add(
        new Binding(
            Const.ARG_WEIGHTS,
            wanted,
            new Place.Fixed(weights.get(name, () -> values, dims, wanted))));
  }

  private MemorySegment linear(Step.Linear step, Attributes attributes) {
    Value input = step.input();
    MemorySegment source = descriptor(input, linearRows(input));
    MemorySegment output = descriptor(step.output(), linearRows(input));
    attributes.bindings.add(binding(Const.ARG_DST, step.output(), output, 1));
    long[] dims = {step.output().channels(), input.channels()};
    MemorySegment operation =
        scope.make(
            "primitive_desc",
            "dnnl_inner_product_forward_primitive_desc_create",
            OneDnn.engine(),
            Const.FORWARD_INFERENCE,
            source,
            descriptors.any(program.weights(), dims),
            MemorySegment.NULL,
            output,
            attributes.segment);
    attributes.bindings.add(input(input, source, attributes));
    addWeights(operation, step.name(), step.weight(), dims, attributes);
    return operation;
  }

  /**
   * One row would be computed by other code, with sums in another order, than many: a row's result
   * must not depend on how many there are. So one row goes with whatever lies behind it.
   */
  static int linearRows(Value value) {
    return Math.max(2, value.batch());
  }

  private MemorySegment pooling(Step.Pooling step, Attributes attributes, MemorySegment output) {
    Value input = step.input();
    MemorySegment source = descriptor(input, input.batch());
    boolean keeps = step.choices() >= 0;
    attributes.bindings.add(input(input, source, attributes));
    MemorySegment operation =
        poolingForward(
            step,
            source,
            output,
            keeps ? Const.FORWARD_TRAINING : Const.FORWARD_INFERENCE,
            attributes);
    if (keeps) {
      attributes.bindings.add(choices(step, operation));
    }
    return operation;
  }

  private MemorySegment poolingForward(
      Step.Pooling step,
      MemorySegment source,
      MemorySegment output,
      int kind,
      Attributes attributes) {
    Step.Window window = step.window();
    return scope.make(
        "primitive_desc",
        "dnnl_pooling_forward_primitive_desc_create",
        OneDnn.engine(),
        kind,
        step.algorithm(),
        source,
        output,
        scope.longs(window.strides()),
        scope.longs(window.kernel()),
        scope.longs(holes(window)),
        scope.longs(window.before()),
        scope.longs(window.after()),
        attributes.segment);
  }

  /** Which position was the largest in each window. */
  private Binding choices(Step.Pooling step, MemorySegment operation) {
    MemorySegment workspace =
        OneDnn.pointer("dnnl_primitive_desc_query_md", operation, Const.QUERY_WORKSPACE_MD, 0);
    workspaces.put(step.choices(), Descriptors.bytes(workspace));
    return new Binding(Const.ARG_WORKSPACE, workspace, new Place.OfValue(step.choices(), 0));
  }

  private MemorySegment poolingBack(
      Step.PoolingBack step, Attributes attributes, MemorySegment target) {
    Step.Pooling forward = step.forward();
    Value gradient = step.gradient();
    MemorySegment from = descriptor(gradient, gradient.batch());
    MemorySegment hint = poolingForward(forward, target, from, Const.FORWARD_TRAINING, attributes);
    Step.Window window = forward.window();
    attributes.bindings.add(binding(Const.ARG_DIFF_DST, gradient, from, 1));
    if (forward.choices() >= 0) {
      attributes.bindings.add(choices(forward, hint));
    }
    return scope.make(
        "primitive_desc",
        "dnnl_pooling_backward_primitive_desc_create",
        OneDnn.engine(),
        forward.algorithm(),
        target,
        from,
        scope.longs(window.strides()),
        scope.longs(window.kernel()),
        scope.longs(holes(window)),
        scope.longs(window.before()),
        scope.longs(window.after()),
        hint,
        attributes.segment);
  }

  /**
   * Element-wise operations that start from a product or sum of two tensors: others cannot be
   * followed by anything, and start from a product with ones instead.
   */
  private MemorySegment pointwise(
      Step.Pointwise step, Attributes attributes, MemorySegment output) {
    Value input = step.input();
    MemorySegment source = descriptor(input, attributes.rows(input));
    attributes.bindings.add(input(input, source, attributes));
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
          plainAttributes());
    }
    PostOp.Binary first =
        step.post().getFirst() instanceof PostOp.Binary binary
            ? binary
            : new PostOp.Binary(Const.BINARY_MUL, new Operand.Constant(new float[] {1}));
    Binding second = attributes.operand(Const.ARG_SRC_1, first.operand(), input);
    attributes.bindings.add(second);
    return scope.make(
        "primitive_desc",
        "dnnl_binary_primitive_desc_create",
        OneDnn.engine(),
        first.algorithm(),
        source,
        second.descriptor(),
        output,
        attributes.segment);
  }

  private MemorySegment concatenation(
      Step.Concatenation step, Attributes attributes, MemorySegment output) {
    int count = step.inputs().size();
    MemorySegment sources = scope.longs(new long[count]);
    for (int i = 0; i < count; i++) {
      Value input = step.inputs().get(i);
      MemorySegment source = descriptor(input, input.batch());
      sources.setAtIndex(ValueLayout.ADDRESS, i, source);
      attributes.bindings.add(binding(Const.ARG_MULTIPLE_SRC + i, input, source, attributes.runs));
    }
    return scope.make(
        "primitive_desc",
        "dnnl_concat_primitive_desc_create",
        OneDnn.engine(),
        output,
        count,
        1,
        sources,
        attributes.segment);
  }

  /** The element-wise operations that follow a step, and the arguments that they bring. */
  private final class Attributes {
    final MemorySegment segment;
    final List<Binding> bindings = new ArrayList<>();
    final int runs;

    Attributes(Step step) {
      boolean spreads = step instanceof Step.Pointwise p && p.input().batch() < p.output().batch();
      this.runs = spreads ? step.output().batch() : 1;
      this.segment = plainAttributes();
      MemorySegment list = scope.make("post_ops", "dnnl_post_ops_create");
      List<PostOp> post = step.post();
      boolean started = step instanceof Step.Pointwise && post.getFirst() instanceof PostOp.Binary;
      int first = started ? 1 : 0;
      for (int i = first; i < post.size(); i++) {
        append(list, i - first, post.get(i), step.output());
      }
      OneDnn.call("dnnl_primitive_attr_set_post_ops", segment, list);
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
          OneDnn.call(
              "dnnl_post_ops_append_binary", list, binary.algorithm(), operand.descriptor());
        }
      }
    }

    Binding operand(int name, Operand operand, Value with) {
      return switch (operand) {
        case Operand.Constant constant -> {
          float[] values = spread(constant.values(), with.channels());
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
          yield binding(name, value, descriptor(value, rows(value)), runs);
        }
      };
    }

    private MemorySegment perChannel(Value with, int rows) {
      return with.flat()
          ? descriptors.plain(rows, with.channels())
          : descriptors.plain(rows, with.channels(), 1, 1);
    }
  }
}
