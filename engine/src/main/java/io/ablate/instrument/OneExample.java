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
   * Requires a tensor's first axis to be the batch, for all that is known of its shape.
   *
   * @param where what to name in the error
   */
  void requireBatchFirst(String tensor, String where) {
    long[] shape = shapes.shape(tensor);
    if (shape != null && shape.length > 0 && shape[0] > 1) {
      throw new BadInputException(
          Problem.of("first axis is not the batch alone")
              .at(where)
              .expected("extent 1 for a single example")
              .found(shape[0])
              .remedy(
                  "leave its components out, or export the model without folding or moving the"
                      + " batch axis"));
    }
  }
}
