package io.ablate.onednn;

import io.ablate.onednn.Kernel.Binding;
import io.ablate.onednn.Kernel.Place;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;

/** Makes operations of oneDNN that move a window over positions, forward and back. */
final class WindowPrimitives {
  private final NativeScope scope;
  private final Map<Integer, Long> workspaces = new HashMap<>();

  WindowPrimitives(NativeScope scope) {
    this.scope = scope;
  }

  /** Bytes of what operations keep for the way back, by storage. */
  Map<Integer, Long> workspaces() {
    return workspaces;
  }

  MemorySegment convolution(Step.Convolution step, StepArguments arguments, MemorySegment output) {
    Value input = step.input();
    MemorySegment source = arguments.descriptor(input);
    MemorySegment bias = arguments.addBias(step.bias());
    MemorySegment operation = convolutionForward(step, source, bias, output, arguments);
    arguments.add(Const.ARG_SRC, input, source);
    arguments.addWeights(operation, step.name(), step.weight(), grouped(step));
    return operation;
  }

  private MemorySegment convolutionForward(
      Step.Convolution step,
      MemorySegment source,
      MemorySegment bias,
      MemorySegment output,
      StepArguments arguments) {
    Step.Window window = step.window();
    return scope.make(
        "primitive_desc",
        "dnnl_convolution_forward_primitive_desc_create",
        OneDnn.engine(),
        Const.FORWARD_INFERENCE,
        Const.CONVOLUTION_DIRECT,
        source,
        arguments.weight(grouped(step)),
        bias,
        output,
        scope.longs(window.strides()),
        scope.longs(holes(window)),
        scope.longs(window.before()),
        scope.longs(window.after()),
        arguments.attributes());
  }

  /** Extents of the weight, the groups first where there are several. */
  private static long[] grouped(Step.Convolution step) {
    long[] dims = step.dims();
    return step.groups() == 1
        ? dims
        : new long[] {step.groups(), dims[0] / step.groups(), dims[1], dims[2], dims[3]};
  }

  MemorySegment convolutionBack(
      Step.ConvolutionBack step, StepArguments arguments, MemorySegment target) {
    Step.Convolution forward = step.forward();
    Value gradient = step.gradient();
    MemorySegment from = arguments.descriptor(gradient);
    MemorySegment hint = convolutionForward(forward, target, MemorySegment.NULL, from, arguments);
    Step.Window window = forward.window();
    MemorySegment operation =
        scope.make(
            "primitive_desc",
            "dnnl_convolution_backward_data_primitive_desc_create",
            OneDnn.engine(),
            Const.CONVOLUTION_DIRECT,
            target,
            arguments.weight(grouped(forward)),
            from,
            scope.longs(window.strides()),
            scope.longs(holes(window)),
            scope.longs(window.before()),
            scope.longs(window.after()),
            hint,
            arguments.attributes());
    arguments.add(Const.ARG_DIFF_DST, gradient, from);
    arguments.addWeights(operation, forward.name(), forward.weight(), grouped(forward));
    return operation;
  }

  /** oneDNN counts the positions left out between two of the window. */
  private static long[] holes(Step.Window window) {
    return Arrays.stream(window.dilations()).map(dilation -> dilation - 1).toArray();
  }

  MemorySegment pooling(Step.Pooling step, StepArguments arguments, MemorySegment output) {
    Value input = step.input();
    MemorySegment source = arguments.descriptor(input);
    boolean keeps = step.choices() >= 0;
    arguments.add(Const.ARG_SRC, input, source);
    MemorySegment operation =
        poolingForward(
            step,
            source,
            output,
            keeps ? Const.FORWARD_TRAINING : Const.FORWARD_INFERENCE,
            arguments);
    if (keeps) {
      arguments.add(choices(step, operation));
    }
    return operation;
  }

  private MemorySegment poolingForward(
      Step.Pooling step,
      MemorySegment source,
      MemorySegment output,
      int kind,
      StepArguments arguments) {
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
        arguments.attributes());
  }

  /** Which position was the largest in each window. */
  private Binding choices(Step.Pooling step, MemorySegment operation) {
    MemorySegment workspace =
        OneDnn.pointer("dnnl_primitive_desc_query_md", operation, Const.QUERY_WORKSPACE_MD, 0);
    workspaces.put(step.choices(), Descriptors.bytes(workspace));
    return new Binding(Const.ARG_WORKSPACE, workspace, new Place.OfValue(step.choices(), 0));
  }

  MemorySegment poolingBack(Step.PoolingBack step, StepArguments arguments, MemorySegment target) {
    Step.Pooling forward = step.forward();
    Value gradient = step.gradient();
    MemorySegment from = arguments.descriptor(gradient);
    MemorySegment hint = poolingForward(forward, target, from, Const.FORWARD_TRAINING, arguments);
    Step.Window window = forward.window();
    arguments.add(Const.ARG_DIFF_DST, gradient, from);
    if (forward.choices() >= 0) {
      arguments.add(choices(forward, hint));
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
        arguments.attributes());
  }
}
