package io.ablate.cuda;

import static io.ablate.cuda.ElementType.F64;
import static io.ablate.cuda.ElementType.I64;

import io.ablate.mask.MaskMatrix;

/** Products of packed masks with dense matrices ({@code products.cu}). */
final class ProductKernels {
  private static final int THREADS = 128;

  /** Rows of the result that a thread holds. */
  private static final int ROWS = 32;

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
    device
        .kernel("products", b.type() == F64 ? "masks_times_f64" : "masks_times_f32")
        .grid(Launch.ceilDiv(columns, THREADS), Launch.ceilDiv(rows, ROWS), 1)
        .block(THREADS, 1)
        .with(transposed.require(I64, inner, words))
        .with(b.require(b.type(), inner, columns))
        .with(out)
        .with(rows)
        .with(inner)
        .with(columns)
        .with(2 * words)
        .launch();
  }
}
