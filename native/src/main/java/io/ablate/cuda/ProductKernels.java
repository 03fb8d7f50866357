package io.ablate.cuda;

import static io.ablate.cuda.ElementType.F64;
import static io.ablate.cuda.ElementType.I64;

import io.ablate.mask.MaskMatrix;

/**
 * Products of packed masks with dense matrices ({@code products.cu}): in float32 on tensor cores,
 * without loss but for the order of sums; large ones in float64 by {@link DenseProducts}.
 */
final class ProductKernels {
  /**
   * What a block of {@code products.cu} does.
   *
   * @param rows of the result
   * @param columns of the result
   * @param rowsFirst whether blocks side by side in the grid differ in their rows
   */
  private record Tile(String kernel, int threads, int rows, int columns, boolean rowsFirst) {}

  private static final Tile SINGLE = new Tile("masks_times_f32", 256, 128, 64, true);
  private static final Tile DOUBLE = new Tile("masks_times_f64", 128, 32, 128, false);

  private ProductKernels() {}

  /**
   * M · B in the type of B. For Xᵀ · B, {@code transposed} is X.
   *
   * @param transposed Mᵀ: [inner, words of rows]
   * @param b [inner, columns] of {@link ElementType#F32} or {@link ElementType#F64}
   * @param out [rows, columns] of b's type, overwritten
   */
  static void times(Device device, DeviceArray transposed, DeviceArray b, DeviceArray out) {
    out.requireAxes(b.type(), 2);
    b.requireAxes(b.type(), 2);
    int rows = out.extent(0);
    int columns = out.extent(1);
    int inner = b.extent(0);
    int words = MaskMatrix.wordsPerRow(rows);
    transposed.require(I64, inner, words);
    b.require(b.type(), inner, columns);
    if (b.type() == F64 && DenseProducts.times(device, transposed, b, out)) {
      return;
    }
    Tile tile = b.type() == F64 ? DOUBLE : SINGLE;
    int down = Launch.ceilDiv(rows, tile.rows());
    int across = Launch.ceilDiv(columns, tile.columns());
    device
        .kernel("products", tile.kernel())
        .grid(tile.rowsFirst() ? down : across, tile.rowsFirst() ? across : down, 1)
        .block(tile.threads(), 1)
        .with(transposed)
        .with(b)
        .with(out)
        .with(rows)
        .with(inner)
        .with(columns)
        .with(2 * words)
        .launch();
  }
}
