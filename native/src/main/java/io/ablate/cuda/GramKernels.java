package io.ablate.cuda;

import static io.ablate.cuda.ElementType.F64;
import static io.ablate.cuda.ElementType.I32;
import static io.ablate.cuda.ElementType.I64;

/**
 * Counts of shared ones and centred Gram and kernel matrices ({@code gram.cu}). All are exact:
 * whole numbers, and one division at the end. Counting columns instead of rows takes transposed
 * masks.
 */
final class GramKernels {
  private static final String MODULE = "gram";
  private static final int TILE = 64;

  private GramKernels() {}

  /**
   * How many ones rows a and b share.
   *
   * @param words [rows, words]
   * @param counts [rows, rows] of {@link ElementType#I32}, overwritten
   */
  static void counts(Device device, DeviceArray words, DeviceArray counts) {
    words.requireAxes(I64, 2);
    int rows = words.extent(0);
    int tiles = Launch.ceilDiv(rows, TILE);
    device
        .kernel(MODULE, "mask_counts")
        .grid(tiles, tiles, 1)
        .block(16, 16)
        .with(words)
        .with(counts.require(I32, rows, rows))
        .with(rows)
        .with(words.extent(1))
        .launch();
  }

  /**
   * X̃ᵀX̃ from the counts of columns.
   *
   * @param counts [columns, columns]
   * @param rows number of masks, at least 1
   * @param gram [columns, columns] of {@link ElementType#F64}, overwritten
   */
  static void centreGram(Device device, DeviceArray counts, int rows, DeviceArray gram) {
    counts.requireAxes(I32, 2);
    int size = counts.extent(0);
    device
        .kernel(MODULE, "centre_gram")
        .striding(counts.elements())
        .with(counts.require(I32, size, size))
        .with(gram.require(F64, size, size))
        .with(size)
        .with(rows)
        .launch();
  }

  /**
   * X̃X̃ᵀ from the counts of rows, with a constant added to every entry.
   *
   * @param counts [rows, rows]
   * @param kernel [rows, rows] of {@link ElementType#F64}, overwritten
   */
  static void centreKernel(Device device, DeviceArray counts, double constant, DeviceArray kernel) {
    counts.requireAxes(I32, 2);
    int rows = counts.extent(0);
    counts.require(I32, rows, rows);
    try (DeviceScope scope = device.scope()) {
      DeviceArray sums = scope.array("row sums", I64, rows);
      DeviceArray total = scope.array("total", I64, 1);
      device
          .kernel(MODULE, "count_sums")
          .stridingWarps(rows)
          .with(counts)
          .with(sums)
          .with(rows)
          .launch();
      device.kernel(MODULE, "total_count").block(256, 1).with(sums).with(total).with(rows).launch();
      device
          .kernel(MODULE, "centre_kernel")
          .striding(counts.elements())
          .with(counts)
          .with(sums)
          .with(total)
          .with(kernel.require(F64, rows, rows))
          .with(constant)
          .with(rows)
          .launch();
    }
  }
}
