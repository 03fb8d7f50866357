package io.ablate.onnx;

import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import ai.onnx.proto.OnnxMl.TensorShapeProto;
import ai.onnx.proto.OnnxMl.ValueInfoProto;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
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
    if (Nodes.is(node, "Split")) {
      split(node);
      return;
    }
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
      return ofUnknown(node);
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
          "ThresholdedRelu",
          "Sin",
          "Cos",
          "IsNaN" ->
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
          "Mod",
          "Equal",
          "Less",
          "LessOrEqual",
          "Greater",
          "GreaterOrEqual",
          "And",
          "Or",
          "Where" ->
          broadcast(node);
      case "Conv" -> conv(node, x);
      case "ConvTranspose" -> ShapeRules.convTranspose(node, x, shapes.get(Nodes.input(node, 1)));
      case "MaxPool", "AveragePool", "LpPool" -> ShapeRules.pool(node, x);
      case "GlobalAveragePool", "GlobalMaxPool", "GlobalLpPool" -> {
        Arrays.fill(x, Math.min(2, x.length), x.length, 1);
        yield x;
      }
      case "Gemm" -> ShapeRules.gemm(node, x, shapes.get(Nodes.input(node, 1)));
      case "MatMul" -> ShapeRules.matmul(x, shape(Nodes.input(node, 1)));
      case "Transpose" -> {
        int[] perm = ShapeRules.permutation(node, x.length);
        yield Arrays.stream(perm).mapToLong(i -> x[i]).toArray();
      }
      case "Reshape" ->
          ShapeRules.reshape(node, x, ShapeValues.of(graph, Nodes.input(node, 1), this));
      case "Flatten", "Squeeze", "Unsqueeze" -> ShapeRules.reshaped(graph, node, x);
      case "ConstantOfShape" -> ShapeValues.of(graph, node.getInput(0), this);
      case "Expand" -> expand(node, x);
      case "Concat" -> concat(node, x);
      case "Gather" -> ShapeRules.gather(node, x, shape(Nodes.input(node, 1)));
      case "ReduceMean",
          "ReduceSum",
          "ReduceMax",
          "ReduceMin",
          "ReduceProd",
          "ReduceL1",
          "ReduceL2",
          "ReduceLogSumExp",
          "ReduceSumSquare" ->
          ShapeRules.reduce(graph, node, x);
      case "ArgMax", "ArgMin" ->
          ShapeRules.drop(
              x, new long[] {Nodes.integer(node, "axis", 0)}, ShapeRules.keepsDims(node));
      case "Shape" -> new long[] {ShapeValues.extents(node, x).length};
      case "Size" -> new long[0];
      case "Slice" -> ExtentRules.slice(graph, node, x);
      case "Pad" -> ExtentRules.pad(graph, node, x);
      case "Resize" -> ExtentRules.resize(graph, node, x, this);
      case "Upsample", "Tile" -> ShapeRules.unknown(x.length);
      default -> null;
    };
  }

  /** What an operator's output has whatever its input is. */
  private long @Nullable [] ofUnknown(NodeProto node) {
    return switch (node.getOpType()) {
      case "Gemm" -> ShapeRules.gemm(node, new long[0], shapes.get(Nodes.input(node, 1)));
      case "Flatten" -> ShapeRules.unknown(2);
      case "Size" -> new long[0];
      default -> null;
    };
  }

  private void split(NodeProto node) {
    long[] x = shape(Nodes.input(node, 0));
    if (x == null) {
      return;
    }
    int axis = ShapeRules.axis(Nodes.integer(node, "axis", 0), x.length);
    long[] extents = Nodes.integers(node, "split");
    if (extents == null && !Nodes.input(node, 1).isEmpty()) {
      extents = Constants.longs(graph, Nodes.input(node, 1));
    }
    for (int i = 0; i < node.getOutputCount(); i++) {
      long[] part = x.clone();
      part[axis] = extents == null || extents.length <= i ? UNKNOWN : extents[i];
      put(node.getOutput(i), part);
    }
  }

  private long @Nullable [] expand(NodeProto node, long[] x) {
    long[] target = ShapeValues.of(graph, Nodes.input(node, 1), this);
    return target == null ? null : ShapeRules.broadcast(x, target);
  }

  private long @Nullable [] broadcast(NodeProto node) {
    long[] result = {};
    for (String input : node.getInputList()) {
      long[] next = shapes.get(input);
      if (next == null) {
        return null;
      }
      result = ShapeRules.broadcast(result, next);
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
      return ShapeRules.unknownAfter(x, 1);
    }
    return ShapeRules.window(node, x, w[0], Arrays.copyOfRange(w, 2, w.length));
  }

  private long @Nullable [] concat(NodeProto node, long[] x) {
    if (x.length == 0) {
      return null;
    }
    int axis = ShapeRules.axis(Nodes.integer(node, "axis", 0), x.length);
    long sum = 0;
    for (String input : node.getInputList()) {
      long[] next = shapes.get(input);
      if (next == null || next.length != x.length) {
        return ShapeRules.unknown(x.length);
      }
      sum = sum == UNKNOWN || next[axis] == UNKNOWN ? UNKNOWN : sum + next[axis];
    }
    x[axis] = sum;
    return x;
  }
}
