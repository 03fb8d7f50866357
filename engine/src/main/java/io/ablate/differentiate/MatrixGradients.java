package io.ablate.differentiate;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import io.ablate.onnx.GraphWriter;
import io.ablate.onnx.Nodes;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;

/** Matrix products. */
final class MatrixGradients {
  private MatrixGradients() {}

  static void register(Map<String, GradientRule> rules) {
    rules.put("Gemm", MatrixGradients::gemm);
    rules.put("MatMul", MatrixGradients::matMul);
  }

  /** Y = α·A'B' + β·C. */
  private static void gemm(NodeProto node, Backward backward) {
    GraphWriter writer = backward.writer();
    String gradient = backward.gradient(node);
    String a = node.getInput(0);
    String b = node.getInput(1);
    boolean transA = Nodes.integer(node, "transA", 0) != 0;
    boolean transB = Nodes.integer(node, "transB", 0) != 0;
    AttributeProto alpha = Nodes.attribute("alpha", Nodes.number(node, "alpha", 1));
    if (backward.needs(a)) {
      backward.add(
          a,
          transA
              ? product(writer, a, b, gradient, transB, true, alpha)
              : product(writer, a, gradient, b, false, !transB, alpha));
    }
    if (backward.needs(b)) {
      backward.add(
          b,
          transB
              ? product(writer, b, gradient, a, true, transA, alpha)
              : product(writer, b, a, gradient, !transA, false, alpha));
    }
    String c = Nodes.input(node, 2);
    if (backward.needs(c)) {
      String beta = backward.number(Nodes.number(node, "beta", 1), c);
      String scaled = writer.add("Mul", "bias_gradient", List.of(gradient, beta));
      backward.addSummed(node, c, scaled, node.getOutput(0));
    }
  }

  private static String product(
      GraphWriter writer,
      String wish,
      String left,
      String right,
      boolean transLeft,
      boolean transRight,
      AttributeProto alpha) {
    return writer.add(
        "Gemm",
        wish + "_gradient",
        List.of(left, right),
        alpha,
        Nodes.attribute("transA", transLeft ? 1 : 0),
        Nodes.attribute("transB", transRight ? 1 : 0));
  }

  /** ∂A = ∂Y·Bᵀ, ∂B = Aᵀ·∂Y, summed over batch axes that were repeated. */
  private static void matMul(NodeProto node, Backward backward) {
    String a = node.getInput(0);
    String b = node.getInput(1);
    long[] left = backward.shape(node, a);
    long[] right = backward.shape(node, b);
    if (left.length < 2 || right.length < 2) {
      throw backward.unsupported(node, "operands of at least 2 axes", "a vector");
    }
    GraphWriter writer = backward.writer();
    String gradient = backward.gradient(node);
    if (backward.needs(a)) {
      String product =
          writer.add(
              "MatMul", a + "_gradient", List.of(gradient, transposed(writer, b, right.length)));
      backward.add(a, summed(backward, product, left, Math.max(left.length, right.length), right));
    }
    if (backward.needs(b)) {
      String product =
          writer.add(
              "MatMul", b + "_gradient", List.of(transposed(writer, a, left.length), gradient));
      backward.add(b, summed(backward, product, right, Math.max(left.length, right.length), left));
    }
  }

  private static String transposed(GraphWriter writer, String tensor, int rank) {
    long[] perm = LongStream.range(0, rank).toArray();
    perm[rank - 2] = rank - 1L;
    perm[rank - 1] = rank - 2L;
    return writer.add(
        "Transpose", tensor + "_transposed", List.of(tensor), Nodes.attribute("perm", perm));
  }

  /** Sums a product of this rank over the batch axes along which {@code narrow} was repeated. */
  private static String summed(
      Backward backward, String product, long[] narrow, int rank, long[] other) {
    GraphWriter writer = backward.writer();
    String sum = product;
    int extra = rank - narrow.length;
    List<Long> axes = new ArrayList<>();
    for (int i = 0; i < narrow.length - 2; i++) {
      int at = i + extra - (rank - other.length);
      if (narrow[i] == 1 && at >= 0 && other[at] != 1) {
        axes.add((long) i + extra);
      }
    }
    if (!axes.isEmpty()) {
      long[] list = axes.stream().mapToLong(Long::longValue).toArray();
      sum = writer.reduce("ReduceSum", "batch_sum", sum, true, list);
    }
    return extra == 0
        ? sum
        : writer.reduce("ReduceSum", "batch_sum", sum, false, LongStream.range(0, extra).toArray());
  }
}
