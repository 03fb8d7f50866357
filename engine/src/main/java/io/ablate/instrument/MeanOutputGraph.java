package io.ablate.instrument;

import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import io.ablate.onnx.GraphWriter;
import java.util.List;

/**
 * Collects, in an unmasked graph, the mean over positions of each component's own output W∗x + b;
 * for a group the mean over its slices.
 */
final class MeanOutputGraph implements Gate {
  private final GraphWriter writer;
  private final ColumnSums means;

  MeanOutputGraph(GraphWriter writer) {
    this.writer = writer;
    this.means = new ColumnSums(writer);
  }

  @Override
  public void add(MaskedLayer layer, String input, String output) {
    writer.addAs("Identity", output, List.of(input));
    String typed = layer.type() == DataType.FLOAT ? input : writer.cast(input, DataType.FLOAT);
    means.add(layer, layer.meanOverPositions(writer, typed));
  }

  /** Adds the nodes that compute {@code output}, float32 [examples, n]. */
  void finish(int columns, String output) {
    String sums = means.join(columns);
    int[] sizes = means.sizes(columns);
    float[] shares = new float[columns];
    for (int column = 0; column < columns; column++) {
      shares[column] = 1f / sizes[column];
    }
    String share = writer.constant("column_share", DataType.FLOAT, shares, 1, columns);
    writer.addAs("Mul", output, List.of(sums, share));
  }
}
