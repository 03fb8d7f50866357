package io.ablate.onnx;

import ai.onnx.proto.OnnxMl.NodeProto;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;

/** Output shapes of operators whose operands say how far to cut, pad or stretch each axis. */
final class ExtentRules {
  private ExtentRules() {}

  /** Known where the bounds are constant inputs. */
  static long[] slice(OnnxGraph graph, NodeProto node, long[] x) {
    long[] starts = Constants.longs(graph, Nodes.input(node, 1));
    long[] ends = Constants.longs(graph, Nodes.input(node, 2));
    long[] axes = Constants.longs(graph, Nodes.input(node, 3));
    long[] steps = Constants.longs(graph, Nodes.input(node, 4));
    boolean allAxes = Nodes.input(node, 3).isEmpty();
    boolean ones = Nodes.input(node, 4).isEmpty();
    if (starts == null || ends == null || axes == null && !allAxes || steps == null && !ones) {
      return ShapeRules.unknown(x.length);
    }
    long[] result = x.clone();
    for (int i = 0; i < starts.length; i++) {
      int axis = axes == null ? i : ShapeRules.axis(axes[i], x.length);
      long step = steps == null ? 1 : steps[i];
      if (x[axis] < 0 || step < 1) {
        result[axis] = ShapeInference.UNKNOWN;
        continue;
      }
      long from = Math.clamp(starts[i] < 0 ? starts[i] + x[axis] : starts[i], 0, x[axis]);
      long to = Math.clamp(ends[i] < 0 ? ends[i] + x[axis] : ends[i], 0, x[axis]);
      result[axis] = Math.max(0, Math.ceilDiv(to - from, step));
    }
    return result;
  }

  /** Known where the pads are a constant input. */
  static long[] pad(OnnxGraph graph, NodeProto node, long[] x) {
    long[] pads = Constants.longs(graph, Nodes.input(node, 1));
    long[] given = Constants.longs(graph, Nodes.input(node, 3));
    long[] axes = axes(given, x.length);
    boolean open = given == null && !Nodes.input(node, 3).isEmpty();
    if (pads == null || open || pads.length != 2 * axes.length) {
      return ShapeRules.unknown(x.length);
    }
    long[] result = x.clone();
    for (int i = 0; i < axes.length; i++) {
      int axis = (int) axes[i];
      result[axis] = x[axis] < 0 ? x[axis] : x[axis] + pads[i] + pads[i + axes.length];
    }
    return result;
  }

  /** Known where scales or sizes are constant, or sizes are joined of constants and others. */
  static long[] resize(OnnxGraph graph, NodeProto node, long[] x, ShapeInference shapes) {
    long[] axes = axes(Nodes.integers(node, "axes"), x.length);
    boolean whole =
        Nodes.text(node, "keep_aspect_ratio_policy", "stretch").equals("stretch")
            && !Nodes.text(node, "coordinate_transformation_mode", "").equals("tf_crop_and_resize");
    Constant scales = Constants.resolve(graph, Nodes.input(node, 2));
    long[] sizes = ShapeValues.of(graph, Nodes.input(node, 3), shapes);
    long[] result = x.clone();
    for (int i = 0; i < axes.length; i++) {
      int axis = (int) axes[i];
      if (whole && scales != null && scales.floats().length == axes.length) {
        // In float32, as runtimes compute it.
        result[axis] = x[axis] < 0 ? x[axis] : (long) (x[axis] * scales.floats()[i]);
      } else if (whole && sizes != null && sizes.length == axes.length) {
        result[axis] = sizes[i];
      } else {
        result[axis] = ShapeInference.UNKNOWN;
      }
    }
    return result;
  }

  /** The given axes counted from the first; all where none are given. */
  private static long[] axes(long @Nullable [] given, int rank) {
    return given == null
        ? LongStream.range(0, rank).toArray()
        : LongStream.of(given).map(axis -> ShapeRules.axis(axis, rank)).toArray();
  }
}
