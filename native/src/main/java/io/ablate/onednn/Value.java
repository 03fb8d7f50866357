package io.ablate.onednn;

import org.jspecify.annotations.Nullable;

/**
 * A tensor of a {@link Program}: [batch, channels, height, width] with channels innermost in
 * memory, or [batch, channels].
 *
 * @param storage where it lies; two values of one storage are two views of the same numbers
 * @param batch rows of the program, or 1 for what all rows share
 * @param flat whether it has no positions
 * @param unrolled for a flat value that was [batch, channels, height, width] in memory: these three
 *     extents; null otherwise
 */
record Value(
    int storage,
    int batch,
    int channels,
    int height,
    int width,
    boolean flat,
    int @Nullable [] unrolled) {

  static Value image(int storage, int batch, int channels, int height, int width) {
    return new Value(storage, batch, channels, height, width, false, null);
  }

  static Value flat(int storage, int batch, int channels) {
    return new Value(storage, batch, channels, 1, 1, true, null);
  }

  /** The same numbers without positions, in ONNX's order where there is one position. */
  Value flattened() {
    int elements = Math.multiplyExact(channels, height * width);
    return new Value(
        storage,
        batch,
        elements,
        1,
        1,
        true,
        height * width == 1 ? null : new int[] {channels, height, width});
  }

  /** The same numbers with one position. */
  Value unflattened() {
    return image(storage, batch, channels, 1, 1);
  }

  Value withStorage(int other, int rows) {
    return new Value(other, rows, channels, height, width, flat, unrolled);
  }

  long elements() {
    return (long) batch * channels * height * width;
  }

  /** Dimensions as oneDNN wants them. */
  long[] dims() {
    return dims(batch);
  }

  long[] dims(int rows) {
    return flat ? new long[] {rows, channels} : new long[] {rows, channels, height, width};
  }
}
