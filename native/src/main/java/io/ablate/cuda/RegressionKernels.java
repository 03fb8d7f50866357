package io.ablate.cuda;

import static io.ablate.cuda.ElementType.F64;

import java.util.Arrays;

/** Between products and solves of a regression ({@code regression.cu}). */
final class RegressionKernels {
  private static final String MODULE = "regression";
  private static final int TILE = 32;
  private static final int TILE_ROWS = 8;

  private RegressionKernels() {}

  /**
   * Columns as rows.
   *
   * @param matrix [rows, columns] of {@link ElementType#F64}
   * @param out [columns, rows] of {@link ElementType#F64}, overwritten
   */
  static void turn(Device device, DeviceArray matrix, DeviceArray out) {
    matrix.requireAxes(F64, 2);
    int rows = matrix.extent(0);
    int columns = matrix.extent(1);
    int tiles = Math.min(Launch.ceilDiv(rows, TILE), Launch.MOST_BLOCKS_YZ);
    device
        .kernel(MODULE, "turn_matrix")
        .grid(Launch.ceilDiv(columns, TILE), tiles, 1)
        .block(TILE, TILE_ROWS)
        .with(matrix)
        .with(out.require(F64, columns, rows))
        .with(rows)
        .with(columns)
        .launch();
  }

  /**
   * Takes the mean off every column; a constant one becomes exactly 0.
   *
   * @param matrix [rows, columns] of {@link ElementType#F64}, at least one row
   */
  static void centre(Device device, DeviceArray matrix) {
    matrix.requireAxes(F64, 2);
    int columns = matrix.extent(1);
    device
        .kernel(MODULE, "centre_columns")
        .grid(Launch.ceilDiv(columns, TILE), 1, 1)
        .block(TILE, TILE_ROWS)
        .with(matrix)
        .with(matrix.extent(0))
        .with(columns)
        .launch();
  }

  /** target + scale · source, in place; two arrays of {@link ElementType#F64} of one shape. */
  static void addScaled(Device device, DeviceArray target, DeviceArray source, double scale) {
    target.requireAxes(F64, 2);
    device
        .kernel(MODULE, "add_scaled")
        .striding(target.elements())
        .with(target)
        .with(source.require(F64, target.extent(0), target.extent(1)))
        .with(scale)
        .with(target.elements())
        .launch();
  }

  /** The greatest sum of a row's absolute values; 0 of no rows. */
  static double infinityNorm(Device device, DeviceArray square) {
    square.requireAxes(F64, 2);
    int size = square.extent(0);
    try (DeviceScope scope = device.scope()) {
      DeviceArray sums = scope.array("row sums", F64, size);
      device
          .kernel(MODULE, "absolute_row_sums")
          .stridingWarps(size)
          .with(square.require(F64, size, size))
          .with(sums)
          .with(size)
          .launch();
      return Arrays.stream(device.readDoubles(sums)).max().orElse(0);
    }
  }
}
