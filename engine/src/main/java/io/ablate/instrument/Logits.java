package io.ablate.instrument;

import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import ai.onnx.proto.OnnxMl.ValueInfoProto;
import io.ablate.base.BadInputException;
import io.ablate.base.Problem;
import io.ablate.onnx.ElementTypes;
import io.ablate.onnx.GraphWriter;
import io.ablate.onnx.Nodes;
import io.ablate.onnx.OnnxGraph;
import io.ablate.onnx.ShapeInference;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The tensor that holds the logits.
 *
 * @param tensor its name
 * @param rank 2, or 4 with 1×1 positions
 * @param classes number of classes; −1 if unknown
 * @param type element type
 */
record Logits(String tensor, int rank, int classes, DataType type) {
  /** What to do where the first output does not hold them. */
  static final String NAME_IT =
      "name the tensor of the logits by --logits or in the sidecar's `output`";

  /**
   * Finds the logits; a softmax that made the named tensor is bypassed.
   *
   * @param wish name of a tensor; null for the first output
   * @throws BadInputException if there is no such tensor, or its shape is not one of logits
   */
  static Logits find(OnnxGraph graph, @Nullable String wish) {
    String named = wish == null ? graph.outputs().getFirst().getName() : wish;
    if (graph.producer(named) == null) {
      throw new BadInputException(
          Problem.of("no such tensor for the logits")
              .at("tensor " + named)
              .expected(
                  "an output ("
                      + String.join(
                          ", ", graph.outputs().stream().map(ValueInfoProto::getName).toList())
                      + ") or a computed tensor of the model")
              .remedy(NAME_IT));
    }
    ShapeInference shapes = ShapeInference.of(graph);
    String tensor = beforeSoftmax(graph, named);
    long[] shape = shapes.shape(tensor);
    if (shape == null) {
      shape = shapes.shape(named);
    }
    boolean flat = shape != null && shape.length == 2;
    boolean image = shape != null && shape.length == 4 && shape[2] == 1 && shape[3] == 1;
    if (shape == null || !(flat || image)) {
      throw new BadInputException(
          Problem.of("logits of an unexpected shape")
              .at("tensor " + tensor)
              .expected("[batch, classes], or [batch, classes, 1, 1]")
              .found(shape == null ? "an unknown rank" : Arrays.toString(shape).replace("-1", "?"))
              .remedy(NAME_IT));
    }
    DataType type = new ElementTypes(graph).of(tensor);
    if (!ElementTypes.isFloat(type)) {
      throw new BadInputException(
          Problem.of("logits of a type without fractions")
              .at("tensor " + tensor)
              .expected("a floating-point type")
              .found(type)
              .remedy(NAME_IT));
    }
    return new Logits(tensor, shape.length, Math.toIntExact(shape[1]), type);
  }

  /** The tensor before trailing softmax layers, and the copies and conversions around them. */
  private static String beforeSoftmax(OnnxGraph graph, String named) {
    String tensor = named;
    String found = named;
    NodeProto node = graph.producer(tensor);
    while (node != null) {
      boolean softmax = Nodes.is(node, "Softmax") || Nodes.is(node, "LogSoftmax");
      if (!softmax && !Nodes.is(node, "Identity") && !Nodes.is(node, "Cast")) {
        break;
      }
      tensor = node.getInput(0);
      found = softmax ? tensor : found;
      node = graph.producer(tensor);
    }
    return found;
  }

  /** [−1, classes], or with two further axes of extent 1. */
  long[] shape() {
    return rank == 4 ? new long[] {-1, classes, 1, 1} : new long[] {-1, classes};
  }

  /** Adds what brings them to float32 [rows, classes]. */
  String normalised(GraphWriter writer) {
    String result = tensor;
    if (rank == 4) {
      result = writer.add("Flatten", "logits_flat", List.of(result), Nodes.attribute("axis", 1));
    }
    return type == DataType.FLOAT ? result : writer.cast(result, DataType.FLOAT);
  }
}
