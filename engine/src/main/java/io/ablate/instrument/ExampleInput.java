package io.ablate.instrument;

import ai.onnx.proto.OnnxMl.TensorProto.DataType;

/**
 * The input that examples are fed to.
 *
 * @param name its name, as in the user's model
 * @param type what to feed: float32 for every floating-point model (the graph converts), else the
 *     model's own integer type
 * @param shape its shape, the batch first; −1 where the model leaves an extent open, as it always
 *     does for the batch
 */
public record ExampleInput(String name, DataType type, long[] shape) {
  public ExampleInput {
    shape = shape.clone();
  }

  @Override
  public long[] shape() {
    return shape.clone();
  }

  /** Elements of one example; −1 if an extent other than the batch is open. */
  public long elements() {
    long product = 1;
    for (int i = 1; i < shape.length; i++) {
      if (shape[i] < 0) {
        return -1;
      }
      product = Math.multiplyExact(product, shape[i]);
    }
    return product;
  }
}
