package io.ablate.instrument;

import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import io.ablate.onnx.GraphWriter;
import java.util.List;

/**
 * Collects, in an unmasked graph, how far each component's output moves when it alone is ablated:
 * the root of the mean square over positions of what its mask would multiply; for a group the root
 * of the sum of its slices' mean squares.
 */
final class ActivationScaleGraph implements Gate {
  private final GraphWriter writer;
  private final ColumnSums meanSquares;

  ActivationScaleGraph(GraphWriter writer) {
    this.writer = writer;
    this.meanSquares = new ColumnSums(writer);
  }

  @Override
  public void add(MaskedLayer layer, String input, String output) {
    writer.addAs("Identity", output, List.of(input));
    String typed = layer.type() == DataType.FLOAT ? input : writer.cast(input, DataType.FLOAT);
    String square = writer.add("Mul", layer.name() + "_square", List.of(typed, typed));
    meanSquares.add(layer, layer.meanOverPositions(writer, square));
  }

  /** Adds the nodes that compute {@code output}, float32 [examples, n]. */
  void finish(int columns, String output) {
    writer.addAs("Sqrt", output, List.of(meanSquares.join(columns)));
  }
}
