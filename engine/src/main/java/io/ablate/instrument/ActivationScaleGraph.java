package io.ablate.instrument;

import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import io.ablate.component.ComponentSet;
import io.ablate.onnx.Nodes;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Collects, in an unmasked graph, how far each component's output moves when it alone is ablated:
 * the root of the mean square over positions of what its mask would multiply; for a group the root
 * of the sum of its slices' mean squares.
 */
final class ActivationScaleGraph implements Gate {
  private final GraphWriter writer;
  private final List<MaskedLayer> layers = new ArrayList<>();
  private final List<String> meanSquares = new ArrayList<>();

  ActivationScaleGraph(GraphWriter writer) {
    this.writer = writer;
  }

  @Override
  public void add(MaskedLayer layer, String input, String output) {
    writer.addAs("Identity", output, List.of(input));
    String typed = layer.type() == DataType.FLOAT ? input : writer.cast(input, DataType.FLOAT);
    String square = writer.add("Mul", layer.name() + "_square", List.of(typed, typed));
    long[] positions = layer.missingAxes();
    layers.add(layer);
    meanSquares.add(
        positions.length == 0
            ? square
            : writer.reduce("ReduceMean", layer.name() + "_mean_square", square, false, positions));
  }

  /** Adds the nodes that compute {@code output}, float32 [examples, n]. */
  void finish(ComponentSet components, String output) {
    long[][] channels = channelsOfColumns(components.size());
    int most = Arrays.stream(channels).mapToInt(c -> c.length).max().orElseThrow();
    int all = layers.stream().mapToInt(MaskedLayer::channels).sum();
    List<String> parts = new ArrayList<>(meanSquares);
    if (most > 1) {
      // Groups of unequal size are filled up with a channel that is always 0.
      String zero = writer.constant("zero", DataType.FLOAT, new float[] {0}, 1, 1);
      parts.add(writer.expand(zero, 2, meanSquares.getFirst()));
    }
    String joined =
        parts.size() == 1
            ? parts.getFirst()
            : writer.add("Concat", "mean_squares", parts, Nodes.attribute("axis", 1));
    long[] indices = new long[channels.length * most];
    Arrays.fill(indices, all);
    for (int column = 0; column < channels.length; column++) {
      System.arraycopy(channels[column], 0, indices, column * most, channels[column].length);
    }
    String gathered =
        writer.add(
            "Gather",
            "column_squares",
            List.of(joined, writer.integers("column_channels", indices)),
            Nodes.attribute("axis", 1));
    if (most > 1) {
      String shape = writer.integers("column_shape", 0, channels.length, most);
      String grouped = writer.add("Reshape", "grouped_squares", List.of(gathered, shape));
      gathered = writer.reduce("ReduceSum", "group_squares", grouped, false, 2);
    }
    writer.addAs("Sqrt", output, List.of(gathered));
  }

  /** For each column the positions of its channels among all channels of all layers. */
  private long[][] channelsOfColumns(int columns) {
    List<List<Long>> found = new ArrayList<>();
    for (int i = 0; i < columns; i++) {
      found.add(new ArrayList<>());
    }
    long position = 0;
    for (MaskedLayer layer : layers) {
      for (int column : layer.columns()) {
        if (column >= 0) {
          found.get(column).add(position);
        }
        position++;
      }
    }
    return found.stream()
        .map(list -> list.stream().mapToLong(Long::longValue).toArray())
        .toArray(long[][]::new);
  }
}
