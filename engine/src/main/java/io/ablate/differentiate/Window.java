package io.ablate.differentiate;

import ai.onnx.proto.OnnxMl.NodeProto;
import io.ablate.onnx.Nodes;
import java.util.Arrays;

/**
 * Where the windows of a convolution or pooling lie, per position axis.
 *
 * @param kernel extents
 * @param before padding before the first element
 * @param after padding after the last
 * @param input extents of the input; −1 if unknown
 * @param ceil whether a last window may reach over the padding after the last element
 */
record Window(
    long[] kernel,
    long[] strides,
    long[] dilations,
    long[] before,
    long[] after,
    long[] input,
    boolean ceil) {

  static Window of(NodeProto node, long[] shape, long[] kernel, Backward backward) {
    int axes = kernel.length;
    long[] strides = Nodes.integers(node, "strides", axes, 1);
    long[] dilations = Nodes.integers(node, "dilations", axes, 1);
    long[] pads = Nodes.integers(node, "pads", 2 * axes, 0);
    long[] before = Arrays.copyOf(pads, axes);
    long[] after = Arrays.copyOfRange(pads, axes, 2 * axes);
    long[] input = Arrays.copyOfRange(shape, 2, shape.length);
    boolean ceil = Nodes.integer(node, "ceil_mode", 0) != 0;
    String automatic = Nodes.text(node, "auto_pad", "NOTSET");
    if (automatic.equals("VALID")) {
      Arrays.fill(before, 0);
      Arrays.fill(after, 0);
    } else if (automatic.startsWith("SAME")) {
      for (int i = 0; i < axes; i++) {
        if (input[i] < 0 && strides[i] > 1) {
          throw backward.unsupported(node, "known extents for auto_pad", "open ones");
        }
        long reach = dilations[i] * (kernel[i] - 1) + 1;
        long steps = input[i] < 0 ? 0 : (Math.ceilDiv(input[i], strides[i]) - 1) * strides[i];
        long total = Math.max(0, input[i] < 0 ? reach - 1 : steps + reach - input[i]);
        before[i] = automatic.equals("SAME_UPPER") ? total / 2 : total - total / 2;
        after[i] = total - before[i];
      }
    }
    return new Window(kernel, strides, dilations, before, after, input, ceil);
  }

  /** Distance from the first to the last element that a window covers. */
  long span(int axis) {
    return dilations[axis] * (kernel[axis] - 1);
  }

  /** Whether the windows move by one and are not padded by more than they reach. */
  boolean isDense() {
    for (int i = 0; i < kernel.length; i++) {
      if (strides[i] != 1 || before[i] > span(i) || after[i] > span(i)) {
        return false;
      }
    }
    return true;
  }

  /** Whether two windows may cover the same element. */
  boolean overlaps() {
    for (int i = 0; i < kernel.length; i++) {
      if (span(i) >= strides[i]) {
        return true;
      }
    }
    return false;
  }

  /** Elements at the end of the input that no window of the strided convolution begins to reach. */
  long rest(int axis) {
    long free = input[axis] + before[axis] + after[axis] - span(axis) - 1;
    return free % strides[axis];
  }

  /** Numbers of windows, for known extents. */
  long[] positions() {
    long[] positions = new long[kernel.length];
    for (int i = 0; i < positions.length; i++) {
      long free = input[i] + before[i] + after[i] - span(i) - 1;
      long steps = ceil ? Math.ceilDiv(free, strides[i]) : free / strides[i];
      // A window that would begin behind the last element is left out.
      positions[i] = ceil && steps * strides[i] >= input[i] + before[i] ? steps : steps + 1;
    }
    return positions;
  }

  /** The same windows with as much padding after the last element as the last one reaches. */
  Window toLastWindow() {
    long[] positions = positions();
    long[] reached = after.clone();
    for (int i = 0; i < reached.length; i++) {
      long end = (positions[i] - 1) * strides[i] + span(i) + 1;
      reached[i] = Math.max(after[i], end - before[i] - input[i]);
    }
    return new Window(kernel, strides, dilations, before, reached, input, false);
  }

  /** How many elements of the input each window covers along an axis. */
  float[] covered(int axis) {
    float[] covered = new float[(int) positions()[axis]];
    for (int at = 0; at < covered.length; at++) {
      for (int k = 0; k < kernel[axis]; k++) {
        long element = at * strides[axis] - before[axis] + k * dilations[axis];
        covered[at] += element >= 0 && element < input[axis] ? 1 : 0;
      }
    }
    return covered;
  }
}
