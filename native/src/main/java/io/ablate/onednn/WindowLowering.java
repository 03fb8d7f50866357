package io.ablate.onednn;

import ai.onnx.proto.OnnxMl.NodeProto;
import io.ablate.onednn.Step.Window;
import io.ablate.onnx.Constant;
import io.ablate.onnx.Constants;
import io.ablate.onnx.Nodes;
import java.util.ArrayList;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** Convolutions and pooling. */
final class WindowLowering {
  private static final long[] ONES = {1, 1};

  private final Lowering lowering;

  WindowLowering(Lowering lowering) {
    this.lowering = lowering;
  }

  Value convolution(NodeProto node) throws UnsupportedGraphException {
    Value input = image(node);
    Constant weight = lowering.requireConstant(node, 1);
    long[] dims = weight.dims();
    if (dims.length != 4) {
      throw lowering.unsupported(node, "a window of " + (dims.length - 2) + " axes");
    }
    Window window = window(node, input, new long[] {dims[2], dims[3]}, false);
    Constant bias = Nodes.input(node, 2).isEmpty() ? null : lowering.requireConstant(node, 2);
    ProgramBuilder program = lowering.program();
    boolean onePosition =
        input.height() * input.width() == 1
            && dims[2] * dims[3] == 1
            && dims[1] == input.channels();
    if (onePosition && bias == null) {
      return linear(node, input, weight).unflattened();
    }
    return program.add(
        new Step.Convolution(
            input,
            node.getOutput(0),
            weight.floats(),
            dims,
            bias == null ? null : bias.floats(),
            (int) Nodes.integer(node, "group", 1),
            window,
            output(program, input, (int) dims[0], window),
            new ArrayList<>()));
  }

  /** A window of one position on an input of one: the same as a matrix product. */
  private Value linear(NodeProto node, Value input, Constant weight) {
    ProgramBuilder program = lowering.program();
    return program.add(
        new Step.Linear(
            input.flattened(),
            node.getOutput(0),
            weight.floats(),
            Value.flat(program.newStorage(), input.batch(), (int) weight.dims()[0]),
            new ArrayList<>()));
  }

  Value pooling(NodeProto node) throws UnsupportedGraphException {
    Value input = image(node);
    long[] kernel = Nodes.integers(node, "kernel_shape");
    boolean up = Nodes.integer(node, "ceil_mode", 0) != 0;
    boolean countsPadding = Nodes.integer(node, "count_include_pad", 0) != 0;
    if (kernel == null || kernel.length != 2 || node.getOutputCount() > 1) {
      throw lowering.unsupported(node, "a window that is not two-dimensional, or a second output");
    }
    if (up && countsPadding) {
      throw lowering.unsupported(node, "ceil_mode with count_include_pad");
    }
    Window window = window(node, input, kernel, up);
    int algorithm =
        Nodes.is(node, "MaxPool")
            ? Const.POOLING_MAX
            : countsPadding ? Const.POOLING_AVG_INCLUDE_PADDING : Const.POOLING_AVG_EXCLUDE_PADDING;
    return pool(input, algorithm, window);
  }

  /** The mean or maximum of all positions. */
  Value global(NodeProto node) throws UnsupportedGraphException {
    Value input = image(node);
    boolean reduces = Nodes.is(node, "ReduceMean");
    if (reduces && !Arrays.equals(axes(node), new long[] {2, 3})) {
      throw lowering.unsupported(node, "axes other than those of the positions");
    }
    long[] all = {input.height(), input.width()};
    int algorithm =
        Nodes.is(node, "GlobalMaxPool") ? Const.POOLING_MAX : Const.POOLING_AVG_EXCLUDE_PADDING;
    Value output = pool(input, algorithm, new Window(all, ONES, ONES, new long[2], new long[2]));
    return reduces && Nodes.integer(node, "keepdims", 1) == 0 ? output.flattened() : output;
  }

  private long @Nullable [] axes(NodeProto node) {
    String input = Nodes.input(node, 1);
    long[] axes =
        input.isEmpty() ? Nodes.integers(node, "axes") : Constants.longs(lowering.graph(), input);
    return axes == null ? null : Arrays.stream(axes).map(a -> a < 0 ? a + 4 : a).sorted().toArray();
  }

  private Value pool(Value input, int algorithm, Window window) {
    ProgramBuilder program = lowering.program();
    return program.add(
        new Step.Pooling(
            input, algorithm, window, output(program, input, input.channels(), window), -1));
  }

  private Value image(NodeProto node) throws UnsupportedGraphException {
    Value value = lowering.value(node, 0);
    if (value.flat()) {
      throw lowering.unsupported(node, "an input without positions");
    }
    return value;
  }

  private static Value output(ProgramBuilder program, Value input, int channels, Window window) {
    return Value.image(
        program.newStorage(),
        input.batch(),
        channels,
        extent(input.height(), window, 0),
        extent(input.width(), window, 1));
  }

  private static int extent(int input, Window w, int axis) {
    long reach = w.dilations()[axis] * (w.kernel()[axis] - 1) + 1;
    return (int) ((input + w.before()[axis] + w.after()[axis] - reach) / w.strides()[axis]) + 1;
  }

  private Window window(NodeProto node, Value input, long[] kernel, boolean up)
      throws UnsupportedGraphException {
    long[] strides = orElse(Nodes.integers(node, "strides"), ONES);
    long[] dilations = orElse(Nodes.integers(node, "dilations"), ONES);
    long[] pads = orElse(Nodes.integers(node, "pads"), new long[4]);
    long[] before = {pads[0], pads[1]};
    long[] after = {pads[2], pads[3]};
    String rule = Nodes.text(node, "auto_pad", "NOTSET");
    int[] extents = {input.height(), input.width()};
    for (int axis = 0; axis < 2; axis++) {
      long reach = dilations[axis] * (kernel[axis] - 1) + 1;
      if (rule.startsWith("SAME")) {
        long steps = (extents[axis] + strides[axis] - 1) / strides[axis];
        long total = Math.max(0, (steps - 1) * strides[axis] + reach - extents[axis]);
        before[axis] = rule.equals("SAME_LOWER") ? (total + 1) / 2 : total / 2;
        after[axis] = total - before[axis];
      } else if (up) {
        long room = extents[axis] + before[axis] + after[axis] - reach;
        long more = (room + strides[axis] - 1) / strides[axis] * strides[axis] - room;
        // A window that would start behind the input is none.
        boolean starts = room + more < extents[axis] + before[axis];
        after[axis] += starts ? more : 0;
      }
      if (extents[axis] + before[axis] + after[axis] < reach) {
        throw lowering.unsupported(node, "a window larger than its input");
      }
    }
    return new Window(kernel, strides, dilations, before, after);
  }

  private static long[] orElse(long @Nullable [] found, long[] otherwise) {
    return found == null ? otherwise : found;
  }
}
