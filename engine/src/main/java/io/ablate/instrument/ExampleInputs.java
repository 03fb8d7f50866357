package io.ablate.instrument;

import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import ai.onnx.proto.OnnxMl.ValueInfoProto;
import io.ablate.base.BadInputException;
import io.ablate.base.Problem;
import io.ablate.onnx.ElementTypes;
import io.ablate.onnx.GraphWriter;
import io.ablate.onnx.Nodes;
import io.ablate.onnx.OnnxGraph;
import io.ablate.onnx.ShapeInference;
import java.util.List;

/** Finds the input that examples are fed to, and lets it take float32. */
final class ExampleInputs {
  private ExampleInputs() {}

  /**
   * The model's only input.
   *
   * @throws BadInputException if there is none or more than one, or it is no tensor with a batch
   */
  static ExampleInput find(OnnxGraph graph) {
    List<ValueInfoProto> inputs = graph.inputs();
    List<String> names = inputs.stream().map(ValueInfoProto::getName).toList();
    if (inputs.size() != 1) {
      throw new BadInputException(
          Problem.of(inputs.isEmpty() ? "model without an input" : "model with several inputs")
              .at("model")
              .expected("one input, for the examples")
              .found(inputs.isEmpty() ? "none" : String.join(", ", names))
              .remedy("give the other inputs a fixed value (an initialiser) before exporting"));
    }
    ValueInfoProto input = inputs.getFirst();
    long[] shape = ShapeInference.declared(input);
    DataType type = DataType.forNumber(input.getType().getTensorType().getElemType());
    if (shape == null || shape.length == 0 || type == null || type == DataType.UNDEFINED) {
      throw new BadInputException(
          Problem.of("input without a batch")
              .at("input " + input.getName())
              .expected("a tensor of known rank, its first axis the batch")
              .found(shape == null ? "no shape" : "a scalar")
              .remedy("export the model with the shape of its input"));
    }
    shape[0] = -1;
    return new ExampleInput(input.getName(), fedAsFloats(type) ? DataType.FLOAT : type, shape);
  }

  /** Floating-point types, and integers of which float32 holds every value. */
  private static boolean fedAsFloats(DataType type) {
    return switch (type) {
      case UINT8, INT8, UINT16, INT16 -> true;
      default -> ElementTypes.isFloat(type);
    };
  }

  /** Declares the input with an open batch, and converts float32 to what the model takes. */
  static void open(GraphWriter writer, ExampleInput example) {
    OnnxGraph graph = writer.graph();
    DataType inner = new ElementTypes(graph).of(example.name());
    if (inner != example.type()) {
      String converted = graph.uniqueName(example.name() + "_converted");
      graph.replaceUses(example.name(), converted);
      writer.addAs(
          "Cast", converted, List.of(example.name()), Nodes.attribute("to", inner.getNumber()));
    }
    graph.putInput(GraphWriter.value(example.name(), example.type(), "examples", example.shape()));
  }
}
