package io.ablate.example;

import java.util.Arrays;
import java.util.stream.Collectors;

/** Extents without the batch axis; −1 stands for any extent. */
final class InputShape {
  private InputShape() {}

  static long elements(long[] shape) {
    long product = 1;
    for (long extent : shape) {
      product = Math.multiplyExact(product, extent);
    }
    return product;
  }

  /** Whether found extents fit the model's, of which some may be free. */
  static boolean fits(long[] found, long[] model) {
    boolean fits = found.length == model.length;
    for (int i = 0; fits && i < found.length; i++) {
      fits = model[i] < 0 || model[i] == found[i];
    }
    return fits;
  }

  /** For people: {@code [3, 32, any]}. */
  static String text(long[] shape) {
    return Arrays.stream(shape)
        .mapToObj(extent -> extent < 0 ? "any" : Long.toString(extent))
        .collect(Collectors.joining(", ", "[", "]"));
  }
}
