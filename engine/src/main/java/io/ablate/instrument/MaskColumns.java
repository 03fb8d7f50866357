package io.ablate.instrument;

import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import io.ablate.onnx.GraphWriter;
import io.ablate.onnx.Nodes;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The parts of the mask [rows, n] that the layers need, in their shapes. */
final class MaskColumns {
  private final GraphWriter writer;
  private final String mask;
  private final int size;
  private final Map<String, String> parts = new HashMap<>();
  private @Nullable String extended;

  /**
   * @param mask name of the mask input
   * @param size its columns, n
   * @param layers all layers that will ask
   */
  MaskColumns(GraphWriter writer, String mask, int size, List<MaskedLayer> layers) {
    this.writer = writer;
    this.mask = mask;
    this.size = size;
    splitAtOnce(layers);
  }

  /** Mask of a layer, in a shape that broadcasts against its output and in its type. */
  String of(MaskedLayer layer) {
    String key = key(layer.columns());
    String part = parts.get(key);
    if (part == null) {
      part = part(layer);
      parts.put(key, part);
    }
    String typed = layer.type() == DataType.FLOAT ? part : writer.cast(part, layer.type());
    return writer.unsqueeze(typed, layer.missingAxes());
  }

  /** One Split serves all layers where they lie side by side in the mask: the usual case. */
  private void splitAtOnce(List<MaskedLayer> layers) {
    long[] extents = new long[layers.size()];
    int next = 0;
    for (int i = 0; i < extents.length; i++) {
      int[] columns = layers.get(i).columns();
      if (!isRun(columns) || columns[0] != next) {
        return;
      }
      extents[i] = columns.length;
      next += columns.length;
    }
    if (next != size || extents.length < 2) {
      return;
    }
    List<String> wishes = layers.stream().map(MaskColumns::wish).toList();
    List<String> names = writer.split(mask, wishes, extents);
    for (int i = 0; i < extents.length; i++) {
      parts.put(key(layers.get(i).columns()), names.get(i));
    }
  }

  private String part(MaskedLayer layer) {
    int[] columns = layer.columns();
    if (isRun(columns)) {
      boolean whole = columns.length == size;
      return whole
          ? mask
          : writer.columns(mask, wish(layer), columns[0], columns[0] + columns.length);
    }
    boolean partial = Arrays.stream(columns).anyMatch(column -> column < 0);
    long[] indices = Arrays.stream(columns).mapToLong(c -> c < 0 ? size : c).toArray();
    return writer.add(
        "Gather",
        wish(layer),
        List.of(partial ? withOnes() : mask, writer.integers(layer.name() + "_columns", indices)),
        Nodes.attribute("axis", 1));
  }

  /** The mask with a column of ones behind it, for channels that are never ablated. */
  private String withOnes() {
    if (extended == null) {
      String one = writer.constant("one", DataType.FLOAT, new float[] {1}, 1, 1);
      String ones = writer.expand(one, 2, mask);
      extended =
          writer.add("Concat", mask + "_and_ones", List.of(mask, ones), Nodes.attribute("axis", 1));
    }
    return extended;
  }

  private static boolean isRun(int[] columns) {
    for (int i = 0; i < columns.length; i++) {
      if (columns[0] < 0 || columns[i] != columns[0] + i) {
        return false;
      }
    }
    return true;
  }

  private static String key(int[] columns) {
    return Arrays.toString(columns);
  }

  private static String wish(MaskedLayer layer) {
    return layer.name() + "_mask";
  }
}
