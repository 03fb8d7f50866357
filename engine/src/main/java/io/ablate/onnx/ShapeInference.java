package io.ablate.onnx;

import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import ai.onnx.proto.OnnxMl.TensorShapeProto;
import ai.onnx.proto.OnnxMl.ValueInfoProto;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;

/**
 * Shapes of a graph's tensors as far as the file states them or common operators imply them. A
 * dimension that is not known is {@link #UNKNOWN}; a tensor of unknown rank has no shape.
 */
public final class ShapeInference {
  /** A dimension of unknown size. */
  public static final long UNKNOWN = -1;

  private final OnnxGraph graph;
  private final Map<String, long[]> shapes = new HashMap<>();

  private ShapeInference(OnnxGraph graph) {
    this.graph = graph;
  }

  /** Infers from the graph as it is now, which must be sorted. */
  public static ShapeInference of(OnnxGraph graph) {
    ShapeInference inference = inputsOf(graph);
    graph.nodes().forEach(inference::visit);
    return inference;
  }

  /** Knows the inputs and initialisers only; {@link #visit} the nodes in order. */
  public static ShapeInference inputsOf(OnnxGraph graph) {
    ShapeInference inference = new ShapeInference(graph);
    graph.initializers().forEach((name, t) -> inference.shapes.put(name, Tensors.dims(t)));
    graph.inputs().forEach(input -> inference.put(input.getName(), null));
    return inference;
  }

  /** Infers the outputs of a node, in a form that need not be the graph's. */
  public void visit(NodeProto node) {
    long[] inferred = infer(node);
    for (int i = 0; i < node.getOutputCount(); i++) {
      put(node.getOutput(i), i == 0 ? inferred : null);
    }
  }

  /** Shape of a tensor; null if not even its rank is known. A fresh array. */
  public long @Nullable [] shape(String tensor) {
    long[] shape = shapes.get(tensor);
    return shape == null ? null : shape.clone();
  }

  /** Rank of a tensor, or −1 if it is not known. */
  public int rank(String tensor) {
    long[] shape = shapes.get(tensor);
    return shape == null ? -1 : shape.length;
  }

  /** What a type states of the shape; null if it states no rank. */
  public static long @Nullable [] declared(@Nullable ValueInfoProto info) {
    if (info == null || !info.getType().getTensorType().hasShape()) {
      return null;
    }
    TensorShapeProto shape = info.getType().getTensorType().getShape();
    return shape.getDimList().stream()
        .mapToLong(dim -> dim.hasDimValue() && dim.getDimValue() >= 0 ? dim.getDimValue() : UNKNOWN)
        .toArray();
  }

  private void put(String tensor, long @Nullable [] inferred) {
    long[] declared = declared(graph.valueInfo(tensor));
    if (declared == null) {
      declared = inferred;
    } else if (inferred != null && declared.length == inferred.length) {
      for (int i = 0; i < declared.length; i++) {
        declared[i] = declared[i] == UNKNOWN ? inferred[i] : declared[i];
      }
    }
    if (declared != null && !tensor.isEmpty()) {
      shapes.put(tensor, declared);
    }
  }

  private long @Nullable [] infer(NodeProto node) {
    if (!OnnxModel.isDefaultDomain(node.getDomain())) {
      return null;
    }
    if (node.getOpType().equals("Constant")) {
      TensorProto tensor = Constants.tensor(graph, node.getOutput(0));
      return tensor == null ? null : Tensors.dims(tensor);
    }
    long[] x = shape(Nodes.input(node, 0));
    if (x == null) {
      return null;
    }
    return switch (node.getOpType()) {
      case "Identity",
          "Cast",
          "Relu",
          "LeakyRelu",
          "PRelu",
          "Elu",
          "Selu",
          "Celu",
          "Sigmoid",
          "HardSigmoid",
          "HardSwish",
          "Tanh",
          "Gelu",
          "Erf",
          "Mish",
          "Softplus",
          "Softsign",
          "Clip",
          "Sqrt",
          "Exp",
          "Log",
          "Neg",
          "Abs",
          "Reciprocal",
          "Not",
          "Floor",
          "Ceil",
          "Round",
          "Sign",
          "Softmax",
          "LogSoftmax",
          "Hardmax",
          "Dropout",
          "BatchNormalization",
          "InstanceNormalization",
          "LayerNormalization",
          "GroupNormalization",
          "LRN",
          "LpNormalization",
          "QuantizeLinear",
          "DequantizeLinear",
          "CumSum",
          "Trilu",
          "ThresholdedRelu" ->
          x;
      case "Add",
          "Sub",
          "Mul",
          "Div",
          "Pow",
          "Min",
          "Max",
          "Sum",
          "Mean",
          "Equal",
          "Less",
          "Greater",
          "And",
          "Or",
          "Where" ->
          broadcast(node);
      case "Conv" -> conv(node, x);
      case "ConvTranspose" -> convTranspose(node, x);
      case "MaxPool", "AveragePool", "LpPool" -> pool(node, x);
      case "GlobalAveragePool", "GlobalMaxPool", "GlobalLpPool" -> {
        Arrays.fill(x, Math.min(2, x.length), x.length, 1);
        yield x;
      }
      case "Gemm" -> gemm(node, x);
      case "MatMul" -> matmul(x, shape(Nodes.input(node, 1)));
      case "Transpose" -> {
        int[] perm = permutation(node, x.length);
        yield Arrays.stream(perm).mapToLong(i -> x[i]).toArray();
      }
      case "Reshape", "Flatten", "Squeeze", "Unsqueeze" -> reshaped(graph, node, x);
      case "Concat" -> concat(node, x);
      case "Gather" -> gather(node, x, shape(Nodes.input(node, 1)));
      case "ReduceMean",
          "ReduceSum",
          "ReduceMax",
          "ReduceMin",
          "ReduceProd",
          "ReduceL1",
          "ReduceL2",
          "ReduceLogSumExp",
          "ReduceSumSquare" ->
          reduce(node, x);
      case "ArgMax", "ArgMin" ->
          drop(x, new long[] {Nodes.integer(node, "axis", 0)}, keepsDims(node));
      case "Shape" -> new long[] {x.length};
      case "Pad", "Slice", "Resize", "Upsample", "Tile" -> unknown(x.length);
      default -> null;
    };
  }

  private long @Nullable [] broadcast(NodeProto node) {
    long[] result = {};
    for (String input : node.getInputList()) {
      long[] next = shapes.get(input);
      if (next == null) {
        return null;
      }
      result = broadcast(result, next);
    }
    return result;
  }

  private static long[] broadcast(long[] a, long[] b) {
    long[] result = new long[Math.max(a.length, b.length)];
    for (int i = 1; i <= result.length; i++) {
      long left = i <= a.length ? a[a.length - i] : 1;
      long right = i <= b.length ? b[b.length - i] : 1;
      long known = Math.max(left, right);
      result[result.length - i] = left == 1 ? right : right == 1 ? left : known;
    }
    return result;
  }

  private long @Nullable [] conv(NodeProto node, long[] x) {
    long[] w = shapes.get(Nodes.input(node, 1));
    if (w == null || w.length != x.length) {
      Constant weight = Constants.resolve(graph, Nodes.input(node, 1));
      w = weight == null ? null : weight.dims();
    }
    if (w == null || w.length != x.length) {
      return unknownAfter(x, 1);
    }
    return window(node, x, w[0], Arrays.copyOfRange(w, 2, w.length));
  }

  private long[] convTranspose(NodeProto node, long[] x) {
    long[] result = unknownAfter(x, 1);
    long[] w = shapes.get(Nodes.input(node, 1));
    if (w != null && w.length > 1) {
      result[1] = w[1] * Nodes.integer(node, "group", 1);
    }
    return result;
  }

  private static long[] pool(NodeProto node, long[] x) {
    long[] kernel = Nodes.integers(node, "kernel_shape");
    return kernel == null || kernel.length != x.length - 2
        ? unknownAfter(x, 2)
        : window(node, x, x[1], kernel);
  }

  /** Output of a sliding window: batch and channels, then the number of positions per axis. */
  private static long[] window(NodeProto node, long[] x, long channels, long[] kernel) {
    int axes = kernel.length;
    long[] strides = orElse(Nodes.integers(node, "strides"), axes, 1);
    long[] dilations = orElse(Nodes.integers(node, "dilations"), axes, 1);
    long[] pads = orElse(Nodes.integers(node, "pads"), 2 * axes, 0);
    String autoPad = Nodes.text(node, "auto_pad", "NOTSET");
    boolean ceil = Nodes.integer(node, "ceil_mode", 0) != 0;
    long[] result = unknown(x.length);
    result[0] = x[0];
    result[1] = channels;
    for (int i = 0; i < axes; i++) {
      long size = x[i + 2];
      if (size == UNKNOWN || kernel[i] == UNKNOWN) {
        continue;
      }
      if (autoPad.startsWith("SAME")) {
        result[i + 2] = Math.ceilDiv(size, strides[i]);
      } else {
        long padded = size + (autoPad.equals("VALID") ? 0 : pads[i] + pads[i + axes]);
        long free = padded - dilations[i] * (kernel[i] - 1) - 1;
        result[i + 2] = (ceil ? Math.ceilDiv(free, strides[i]) : free / strides[i]) + 1;
      }
    }
    return result;
  }

  private long[] gemm(NodeProto node, long[] a) {
    long[] b = shapes.get(Nodes.input(node, 1));
    long[] result = unknown(2);
    if (a.length == 2) {
      result[0] = a[Nodes.integer(node, "transA", 0) != 0 ? 1 : 0];
    }
    if (b != null && b.length == 2) {
      result[1] = b[Nodes.integer(node, "transB", 0) != 0 ? 0 : 1];
    }
    return result;
  }

  private static long @Nullable [] matmul(long[] a, long @Nullable [] b) {
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

  private long @Nullable [] concat(NodeProto node, long[] x) {
    int axis = axis(Nodes.integer(node, "axis", 0), x.length);
    long sum = 0;
    for (String input : node.getInputList()) {
      long[] next = shapes.get(input);
      if (next == null || next.length != x.length) {
        return unknown(x.length);
      }
      sum = sum == UNKNOWN || next[axis] == UNKNOWN ? UNKNOWN : sum + next[axis];
    }
    x[axis] = sum;
    return x;
  }

  private static long @Nullable [] gather(NodeProto node, long[] x, long @Nullable [] indices) {
    if (indices == null || x.length == 0) {
      return null;
    }
    int axis = axis(Nodes.integer(node, "axis", 0), x.length);
    return LongStream.concat(
            LongStream.concat(Arrays.stream(x, 0, axis), Arrays.stream(indices)),
            Arrays.stream(x, axis + 1, x.length))
        .toArray();
  }

  private long @Nullable [] reduce(NodeProto node, long[] x) {
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

  private static boolean keepsDims(NodeProto node) {
    return Nodes.integer(node, "keepdims", 1) != 0;
  }

  /** Shape with some axes set to 1 or removed. */
  private static long[] drop(long[] x, long[] axes, boolean keep) {
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
      case "Reshape" -> reshape(graph, node, x);
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

  private static long @Nullable [] reshape(OnnxGraph graph, NodeProto node, long[] x) {
    long[] target = Constants.longs(graph, Nodes.input(node, 1));
    if (target == null) {
      return null;
    }
    boolean zeroCopies = Nodes.integer(node, "allowzero", 0) == 0;
    int open = -1;
    long rest = product(x, 0, x.length);
    for (int i = 0; i < target.length; i++) {
      if (target[i] == 0 && zeroCopies) {
        target[i] = i < x.length ? x[i] : UNKNOWN;
      }
      open = target[i] == -1 && open < 0 ? i : open;
    }
    if (open >= 0 && rest != UNKNOWN) {
      long others = 1;
      for (int i = 0; i < target.length; i++) {
        if (i != open) {
          others = others == UNKNOWN || target[i] == UNKNOWN ? UNKNOWN : others * target[i];
        }
      }
      target[open] = others > 0 ? rest / others : UNKNOWN;
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
      product = product == UNKNOWN || dims[i] == UNKNOWN ? UNKNOWN : product * dims[i];
    }
    return product;
  }

  private static int axis(long axis, int rank) {
    return Math.clamp(axis < 0 ? axis + rank : axis, 0, Math.max(0, rank - 1));
  }

  private static long[] unknown(int rank) {
    return unknownAfter(new long[rank], 0);
  }

  private static long[] unknownAfter(long[] x, int known) {
    long[] result = x.clone();
    Arrays.fill(result, Math.min(known, result.length), result.length, UNKNOWN);
    return result;
  }

  private static long[] orElse(long @Nullable [] values, int length, long otherwise) {
    if (values != null && values.length == length) {
      return values;
    }
    long[] result = new long[length];
    Arrays.fill(result, otherwise);
    return result;
  }
}
