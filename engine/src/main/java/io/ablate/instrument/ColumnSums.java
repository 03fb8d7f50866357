package io.ablate.instrument;

import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import io.ablate.onnx.GraphWriter;
import io.ablate.onnx.Nodes;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Brings one value per channel of every layer, float32 [examples, channels], into the order of the
 * mask's columns: float32 [examples, n]. The values of a group's slices are summed.
 */
final class ColumnSums {
  private final GraphWriter writer;
  private final List<MaskedLayer> layers = new ArrayList<>();
  private final List<String> values = new ArrayList<>();

  ColumnSums(GraphWriter writer) {
    this.writer = writer;
  }

  /** Adds a layer with its values, float32 [examples, channels]. */
  void add(MaskedLayer layer, String channelValues) {
    layers.add(layer);
    values.add(channelValues);
  }

  /** The tensor of sums, [examples, columns]. */
  String join(int columns) {
    long[][] channels = channelsOfColumns(columns);
    int most = Arrays.stream(channels).mapToInt(c -> c.length).max().orElseThrow();
    int all = layers.stream().mapToInt(MaskedLayer::channels).sum();
    List<String> parts = new ArrayList<>(values);
    if (most > 1) {
      // Groups of unequal size are filled up with a channel that is always 0.
      String zero = writer.constant("zero", DataType.FLOAT, new float[] {0}, 1, 1);
      parts.add(writer.expand(zero, 2, values.getFirst()));
    }
    String joined =
        parts.size() == 1
            ? parts.getFirst()
            : writer.add("Concat", "channel_values", parts, Nodes.attribute("axis", 1));
    long[] indices = new long[channels.length * most];
    Arrays.fill(indices, all);
    for (int column = 0; column < channels.length; column++) {
      System.arraycopy(channels[column], 0, indices, column * most, channels[column].length);
    }
    String gathered =
        writer.add(
            "Gather",
            "column_values",
            List.of(joined, writer.integers("column_channels", indices)),
            Nodes.attribute("axis", 1));
    if (most == 1) {
      return gathered;
    }
    String shape = writer.integers("column_shape", 0, channels.length, most);
    String grouped = writer.add("Reshape", "grouped_values", List.of(gathered, shape));
    return writer.reduce("ReduceSum", "group_sums", grouped, false, 2);
  }

  /** How many channels each column has. */
  int[] sizes(int columns) {
    return Arrays.stream(channelsOfColumns(columns)).mapToInt(c -> c.length).toArray();
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
