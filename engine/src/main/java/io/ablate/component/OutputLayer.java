package io.ablate.component;

import ai.onnx.proto.OnnxMl.NodeProto;
import io.ablate.base.Problem;
import io.ablate.base.UsageException;
import io.ablate.onnx.Nodes;
import io.ablate.onnx.OnnxGraph;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The output layer: the last Conv, Gemm or MatMul from which only element-wise, pooling, reshape
 * and softmax nodes lead to the output.
 */
final class OutputLayer {
  private static final Set<String> WEIGHTED = Set.of("Conv", "Gemm", "MatMul");

  private static final Set<String> PASSED =
      Set.of(
          // Element-wise.
          "Identity",
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
          "Dropout",
          "Add",
          "Sub",
          "Mul",
          "Div",
          "Pow",
          "Min",
          "Max",
          "Sum",
          "Mean",
          "Where",
          "QuantizeLinear",
          "DequantizeLinear",
          "BatchNormalization",
          // Pooling.
          "MaxPool",
          "AveragePool",
          "LpPool",
          "GlobalAveragePool",
          "GlobalMaxPool",
          "GlobalLpPool",
          "ReduceMean",
          "ReduceSum",
          "ReduceMax",
          // Reshape.
          "Reshape",
          "Flatten",
          "Squeeze",
          "Unsqueeze",
          "Transpose",
          // Softmax.
          "Softmax",
          "LogSoftmax",
          "Hardmax");

  private OutputLayer() {}

  /**
   * Name of the node of the output layer; null if there is none.
   *
   * @param output the graph output that holds the logits; null for the first one
   * @throws UsageException if the graph has no output of this name
   */
  static @Nullable String node(OnnxGraph graph, @Nullable String output) {
    List<String> outputs = graph.outputs().stream().map(info -> info.getName()).toList();
    if (outputs.isEmpty()) {
      return null;
    }
    if (output != null && !outputs.contains(output)) {
      throw new UsageException(
          Problem.of("no such output").at(output).expected("one of " + outputs));
    }
    Set<String> candidates = new HashSet<>();
    Set<String> seen = new HashSet<>();
    Deque<String> open = new ArrayDeque<>();
    open.add(output == null ? outputs.getFirst() : output);
    while (!open.isEmpty()) {
      String tensor = open.remove();
      NodeProto node = seen.add(tensor) ? graph.producer(tensor) : null;
      if (node == null) {
        continue;
      }
      if (WEIGHTED.stream().anyMatch(operator -> Nodes.is(node, operator))) {
        candidates.add(graph.nameOf(node));
      } else if (PASSED.stream().anyMatch(operator -> Nodes.is(node, operator))) {
        open.addAll(node.getInputList());
      }
    }
    return graph.nodes().stream()
        .map(graph::nameOf)
        .filter(candidates::contains)
        .reduce((earlier, later) -> later)
        .orElse(null);
  }
}
