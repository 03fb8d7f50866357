package io.ablate.onnx;

import ai.onnx.proto.OnnxMl.NodeProto;
import java.util.Arrays;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;

/** Output shapes of operators, from the shapes of their inputs. */
final class ShapeRules {
  private ShapeRules() {}

  static long[] broadcast(long[] a, long[] b) {
    long[] result = new long[Math.max(a.length, b.length)];
    for (int i = 1; i <= result.length; i++) {
      long left = i <= a.length ? a[a.length - i] : 1;
      long right = i <= b.length ? b[b.length - i] : 1;
      long known = Math.max(left, right);
      result[result.length - i] = left == 1 ? right : right == 1 ? left : known;
    }
    return result;
  }

  static long[] pool(NodeProto node, long[] x) {
    long[] kernel = Nodes.integers(node, "kernel_shape");
    return kernel == null || kernel.length != x.length - 2
        ? unknownAfter(x, 2)
        : window(node, x, x[1], kernel);
  }

  /** Output of a sliding window: batch and channels, then the number of positions per axis. */
  static long[] window(NodeProto node, long[] x, long channels, long[] kernel) {
    int axes = kernel.length;
    long[] strides = Nodes.integers(node, "strides", axes, 1);
    long[] dilations = Nodes.integers(node, "dilations", axes, 1);
    long[] pads = Nodes.integers(node, "pads", 2 * axes, 0);
    String autoPad = Nodes.text(node, "auto_pad", "NOTSET");
    boolean ceil = Nodes.integer(node, "ceil_mode", 0) != 0;
    long[] result = unknown(x.length);
    result[0] = x[0];
    result[1] = channels;
    for (int i = 0; i < axes; i++) {
      long size = x[i + 2];
      if (size == ShapeInference.UNKNOWN || kernel[i] == ShapeInference.UNKNOWN) {
        continue;
      }
      if (autoPad.startsWith("SAME")) {
        result[i + 2] = Math.ceilDiv(size, strides[i]);
      } else {
        long before = autoPad.equals("VALID") ? 0 : pads[i];
        long padded = size + (autoPad.equals("VALID") ? 0 : before + pads[i + axes]);
        long free = padded - dilations[i] * (kernel[i] - 1) - 1;
        long steps = ceil ? Math.ceilDiv(free, strides[i]) : free / strides[i];
        // A window that would begin behind the last element is left out.
        result[i + 2] = ceil && steps * strides[i] >= size + before ? steps : steps + 1;
      }
    }
    return result;
  }

  static long[] convTranspose(NodeProto node, long[] x, long @Nullable [] w) {
    long[] result = unknownAfter(x, 1);
    if (w != null && w.length > 1) {
      result[1] = w[1] * Nodes.integer(node, "group", 1);
    }
    return result;
  }

  static long[] gemm(NodeProto node, long[] a, long @Nullable [] b) {
    long[] result = unknown(2);
    if (a.length == 2) {
      result[0] = a[Nodes.integer(node, "transA", 0) != 0 ? 1 : 0];
    }
    if (b != null && b.length == 2) {
      result[1] = b[Nodes.integer(node, "transB", 0) != 0 ? 0 : 1];
    }
    return result;
  }

  static long @Nullable [] reduce(OnnxGraph graph, NodeProto node, long[] x) {
    long[] axes = axes(graph, node);
    if (axes == null && !Nodes.input(node, 1).isEmpty()) {
      return keepsDims(node) ? unknown(x.length) : null;
    }
    if (axes == null || axes.length == 0) {
      if (Nodes.integer(node, "noop_with_empty_axes", 0) != 0) {
        return x;
      }
      axes = LongStream.range(0, x.length).toArray();
    }
    return drop(x, axes, keepsDims(node));
  }

  static long @Nullable [] matmul(long[] a, long @Nullable [] b) {
    if (b == null || a.length == 0 || b.length == 0) {
      return null;
    }
    long[] batch =
        broadcast(
            Arrays.copyOf(a, Math.max(0, a.length - 2)),
            Arrays.copyOf(b, Math.max(0, b.length - 2)));
    LongStream rows = a.length > 1 ? LongStream.of(a[a.length - 2]) : LongStream.empty();
    LongStream columns = b.length > 1 ? LongStream.of(b[b.length - 1]) : LongStream.empty();
    return LongStream.concat(Arrays.stream(batch), LongStream.concat(rows, columns)).toArray();
  }

  static long @Nullable [] gather(NodeProto node, long[] x, long @Nullable [] indices) {
    if (indices == null || x.length == 0) {
      return null;
    }
    int axis = axis(Nodes.integer(node, "axis", 0), x.length);
    return LongStream.concat(
            LongStream.concat(Arrays.stream(x, 0, axis), Arrays.stream(indices)),
            Arrays.stream(x, axis + 1, x.length))
        .toArray();
  }

  static boolean keepsDims(NodeProto node) {
    return Nodes.integer(node, "keepdims", 1) != 0;
  }

  /** Shape with some axes set to 1 or removed. */
  static long[] drop(long[] x, long[] axes, boolean keep) {
    boolean[] dropped = new boolean[x.length];
    for (long a : axes) {
      dropped[axis(a, x.length)] = true;
    }
    LongStream.Builder result = LongStream.builder();
    for (int i = 0; i < x.length; i++) {
      if (!dropped[i] || keep) {
        result.add(dropped[i] ? 1 : x[i]);
      }
    }
    return result.build().toArray();
  }

  /** Output shape of Reshape, Flatten, Squeeze or Unsqueeze for an input shape; null if unknown. */
  static long @Nullable [] reshaped(OnnxGraph graph, NodeProto node, long[] x) {
    return switch (node.getOpType()) {
      case "Reshape" -> reshape(node, x, Constants.longs(graph, Nodes.input(node, 1)));
      case "Flatten" -> {
        int axis = (int) Nodes.integer(node, "axis", 1);
        axis += axis < 0 ? x.length : 0;
        yield new long[] {product(x, 0, axis), product(x, axis, x.length)};
      }
      case "Squeeze" -> {
        long[] axes = axes(graph, node);
        yield axes == null ? null : drop(x, axes, false);
      }
      default -> {
        long[] axes = axes(graph, node);
        if (axes == null) {
          yield null;
        }
        long[] result = new long[x.length + axes.length];
        for (long a : axes) {
          result[axis(a, result.length)] = 1;
        }
        int from = 0;
        for (int i = 0; i < result.length; i++) {
          result[i] = result[i] == 1 ? 1 : x[from++];
        }
        yield result;
      }
    };
  }

  /**
   * Output shape of Reshape.
   *
   * @param target as given: −1 for the rest, and for what is not known of it; changed
   */
  static long @Nullable [] reshape(NodeProto node, long[] x, long @Nullable [] target) {
    if (target == null) {
      return null;
    }
    boolean zeroCopies = Nodes.integer(node, "allowzero", 0) == 0;
    int open = -1;
    long rest = product(x, 0, x.length);
    for (int i = 0; i < target.length; i++) {
      if (target[i] == 0 && zeroCopies) {
        target[i] = i < x.length ? x[i] : ShapeInference.UNKNOWN;
      }
      open = target[i] == -1 && open < 0 ? i : open;
    }
    if (open >= 0 && rest != ShapeInference.UNKNOWN) {
      long others = 1;
      for (int i = 0; i < target.length; i++) {
        if (i != open) {
          others =
              others == ShapeInference.UNKNOWN || target[i] == ShapeInference.UNKNOWN
                  ? ShapeInference.UNKNOWN
                  : others * target[i];
        }
      }
      target[open] = others > 0 ? rest / others : ShapeInference.UNKNOWN;
    }
    return target;
  }

  /** Axes of a reduction, Squeeze or Unsqueeze: an attribute up to opset 12/17, then an input. */
  static long @Nullable [] axes(OnnxGraph graph, NodeProto node) {
    long[] axes = Nodes.integers(node, "axes");
    String input = Nodes.input(node, 1);
    return axes != null || input.isEmpty() ? axes : Constants.longs(graph, input);
  }

  static int[] permutation(NodeProto node, int rank) {
    long[] perm = Nodes.integers(node, "perm");
    int[] result = new int[rank];
    for (int i = 0; i < rank; i++) {
      result[i] = perm != null && perm.length == rank ? (int) perm[i] : rank - 1 - i;
    }
    return result;
  }

  private static long product(long[] dims, int from, int to) {
    long product = 1;
    for (int i = from; i < to; i++) {
      product =
          product == ShapeInference.UNKNOWN || dims[i] == ShapeInference.UNKNOWN
              ? ShapeInference.UNKNOWN
              : product * dims[i];
    }
    return product;
  }

  static int axis(long axis, int rank) {
    return Math.clamp(axis < 0 ? axis + rank : axis, 0, Math.max(0, rank - 1));
  }

  static long[] unknown(int rank) {
    return unknownAfter(new long[rank], 0);
  }

  static long[] unknownAfter(long[] x, int known) {
    long[] result = x.clone();
    Arrays.fill(result, Math.min(known, result.length), result.length, ShapeInference.UNKNOWN);
    return result;
  }
}
