package io.ablate.forward;

import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import ai.onnx.proto.OnnxMl.TensorShapeProto;
import ai.onnx.proto.OnnxMl.TensorShapeProto.Dimension;
import ai.onnx.proto.OnnxMl.ValueInfoProto;
import io.ablate.base.BadInputException;
import io.ablate.base.Problem;
import io.ablate.instrument.ExampleInput;
import io.ablate.instrument.InstrumentedModel;
import io.ablate.onnx.OnnxGraph;
import io.ablate.onnx.OnnxModel;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The graphs that sessions of ONNX Runtime load: one per batch shape, every extent of the inputs
 * fixed. Whatever reaches ONNX Runtime, by whichever of its interfaces, loads these.
 */
public final class OrtGraphs {
  private OrtGraphs() {}

  /**
   * The graph for one batch shape on this processor; see {@link #fixed}.
   *
   * @param made what to run, a model made from {@code model}, with its inputs
   */
  public static OnnxModel onProcessor(
      InstrumentedModel model, OnnxModel made, BatchShape shape, long[] exampleShape) {
    return BlockedLayout.of(model, fixedGraph(model, made, shape, exampleShape), shape);
  }

  /**
   * The graph for one batch shape, nothing but its extents changed.
   *
   * @param model names the inputs
   * @param made what to run, {@code model}'s own graph or one made from it, with its inputs
   * @param exampleShape extents of one example without the batch axis
   */
  public static OnnxModel fixed(
      InstrumentedModel model, OnnxModel made, BatchShape shape, long[] exampleShape) {
    return fixedGraph(model, made, shape, exampleShape).toModel();
  }

  private static OnnxGraph fixedGraph(
      InstrumentedModel model, OnnxModel made, BatchShape shape, long[] exampleShape) {
    OnnxGraph graph = made.graph();
    fix(graph, model.mask(), shape.masks(), model.components().size());
    fix(graph, model.example().name(), OrtBatch.shape(shape.examples(), exampleShape));
    fix(graph, model.label(), shape.examples());
    return graph;
  }

  private static void fix(OnnxGraph graph, String input, long... shape) {
    @Nullable ValueInfoProto info = graph.valueInfo(input);
    if (info == null) {
      return; // loading will say what is wrong with such a model
    }
    TensorShapeProto.Builder fixed = TensorShapeProto.newBuilder();
    for (long extent : shape) {
      fixed.addDim(Dimension.newBuilder().setDimValue(extent));
    }
    ValueInfoProto.Builder edited = info.toBuilder();
    edited.getTypeBuilder().getTensorTypeBuilder().setShape(fixed);
    graph.putInput(edited.build());
  }

  /**
   * Checks that examples can be fed to a model.
   *
   * @param found extents of one example without the batch axis
   * @throws BadInputException if the model takes others, or values of a type that is not fed
   */
  public static void requireExamples(InstrumentedModel model, long[] found) {
    ExampleInput input = model.example();
    DataType type = input.type();
    if (type != DataType.FLOAT && type != DataType.INT64 && type != DataType.INT32) {
      throw new BadInputException(
          Problem.of("unsupported type of the model's input")
              .at(input.name())
              .expected("a floating-point type or integers of 8 to 64 bits, uint32 and uint64 not")
              .found(type));
    }
    long[] expected = Arrays.copyOfRange(input.shape(), 1, input.shape().length);
    boolean fits = expected.length == found.length;
    for (int i = 0; fits && i < found.length; i++) {
      fits = expected[i] < 0 || expected[i] == found[i];
    }
    if (!fits) {
      throw new BadInputException(
          Problem.of("examples do not fit the model's input")
              .at(input.name())
              .expected(Arrays.toString(expected).replace("-1", "any"))
              .found(Arrays.toString(found)));
    }
  }
}
