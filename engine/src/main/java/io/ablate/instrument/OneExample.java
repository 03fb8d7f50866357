package io.ablate.instrument;

import ai.onnx.proto.OnnxMl.ValueInfoProto;
import io.ablate.base.BadInputException;
import io.ablate.base.Problem;
import io.ablate.onnx.OnnxGraph;
import io.ablate.onnx.ShapeInference;

/**
 * Shapes for a batch of one example: where the first axis is longer than 1, it is not the batch
 * alone, and rows of masks cannot be laid along it.
 */
final class OneExample {
  private final ShapeInference shapes;

  /**
   * @param graph whose source is the model, as it was before any edit, with an open batch
   */
  OneExample(OnnxGraph graph) {
    OnnxGraph one = graph.source().graph();
    one.sort();
    one.clearValueInfo();
    for (ValueInfoProto output : one.outputs()) {
      one.putOutput(output.toBuilder().clearType().build());
    }
    for (ValueInfoProto input : one.inputs()) {
      long[] dims = ShapeInference.declared(input);
      if (dims != null && dims.length > 0) {
        ValueInfoProto.Builder single = input.toBuilder();
        single
            .getTypeBuilder()
            .getTensorTypeBuilder()
            .getShapeBuilder()
            .getDimBuilder(0)
            .setDimValue(1);
        one.putInput(single.build());
      }
    }
    shapes = ShapeInference.of(one);
  }

  /**
   * The extent of a tensor's first axis where that is known to be more than the batch alone, else
   * −1.
   */
  long foldedExtent(String tensor) {
    long[] shape = shapes.shape(tensor);
    return shape != null && shape.length > 0 && shape[0] > 1 ? shape[0] : -1;
  }

  /** The error for a tensor whose first axis is not the batch alone. */
  static BadInputException refused(String where, long found, String remedy) {
    return new BadInputException(
        Problem.of("first axis is not the batch alone")
            .at(where)
            .expected("extent 1 for a single example")
            .found(found)
            .remedy(remedy));
  }
}
