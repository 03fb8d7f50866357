package io.ablate.cuda;

import static io.ablate.cuda.ElementType.F64;
import static io.ablate.cuda.ElementType.I32;
import static io.ablate.cuda.ElementType.I64;

import io.ablate.mask.MaskMatrix;

/** What a ridge regression by Cholesky needs besides ({@code ridge.cu}). */
final class RidgeKernels {
  private static final String MODULE = "ridge";
  private static final int TILE = 32;
  private static final int TILE_ROWS = 8;

  private RidgeKernels() {}

  /** A + value · I, in place; a square matrix of {@link ElementType#F64}. */
  static void addToDiagonal(Device device, DeviceArray a, double value) {
    a.requireAxes(F64, 2);
    int size = a.extent(0);
    device
        .kernel(MODULE, "add_to_diagonal")
        .striding(size)
        .with(a.require(F64, size, size))
        .with(value)
        .with(size)
        .launch();
  }

  /**
   * Columns of the identity.
   *
   * @param first the first of them
   * @param out [size, columns] of {@link ElementType#F64}, overwritten
   */
  static void unitColumns(Device device, int first, DeviceArray out) {
    out.requireAxes(F64, 2);
    device
        .kernel(MODULE, "unit_columns")
        .striding(out.elements())
        .with(out)
        .with(out.extent(0))
        .with(out.extent(1))
        .with(first)
        .launch();
  }

  /**
   * Rows of the centred masks, as columns.
   *
   * @param turned masks by their columns: [columns, words of rows]
   * @param means [columns] of {@link ElementType#F64}
   * @param rows of all masks
   * @param first the first row to take
   * @param out [columns, rows taken] of {@link ElementType#F64}, overwritten
   */
  static void centredMasks(
      Device device, DeviceArray turned, DeviceArray means, int rows, int first, DeviceArray out) {
    out.requireAxes(F64, 2);
    int size = out.extent(0);
    int words = MaskMatrix.wordsPerRow(rows);
    if (first < 0 || first + out.extent(1) > rows) {
      throw new IllegalArgumentException(out + " from row " + first + " of " + rows);
    }
    device
        .kernel(MODULE, "centred_masks")
        .striding(out.elements())
        .with(turned.require(I64, size, words))
        .with(means.require(F64, size))
        .with(out)
        .with(size)
        .with(out.extent(1))
        .with(first)
        .with(words)
        .launch();
  }

  /**
   * scale · ‖b_j‖² + shift for every column.
   *
   * @param b [size, columns] of {@link ElementType#F64}
   * @param out of {@link ElementType#F64}; overwritten from {@code first} on
   */
  static void squaredNorms(
      Device device, DeviceArray b, double scale, double shift, DeviceArray out, int first) {
    b.requireAxes(F64, 2);
    out.requireAxes(F64, 1);
    int columns = b.extent(1);
    if (first < 0 || first + columns > out.extent(0)) {
      throw new IllegalArgumentException(columns + " values from " + first + " of " + out);
    }
    device
        .kernel(MODULE, "squared_norms")
        .grid(Launch.ceilDiv(columns, TILE), 1, 1)
        .block(TILE, TILE_ROWS)
        .with(b)
        .with(out)
        .with(scale)
        .with(shift)
        .with(b.extent(0))
        .with(columns)
        .with(first)
        .launch();
  }

  /**
   * Sums over rows of (scale · residual / rest)².
   *
   * @param residuals [rows, columns] of {@link ElementType#F64}
   * @param rest [rows] of {@link ElementType#F64}: 1 less a row's leverage
   * @param errors [columns] of {@link ElementType#F64}, overwritten
   */
  static void leaveOneOut(
      Device device, DeviceArray residuals, DeviceArray rest, double scale, DeviceArray errors) {
    residuals.requireAxes(F64, 2);
    int rows = residuals.extent(0);
    int columns = residuals.extent(1);
    device
        .kernel(MODULE, "leave_one_out")
        .grid(Launch.ceilDiv(columns, TILE), 1, 1)
        .block(TILE, TILE_ROWS)
        .with(residuals)
        .with(rest.require(F64, rows))
        .with(errors.require(F64, columns))
        .with(scale)
        .with(rows)
        .with(columns)
        .launch();
  }

  /**
   * Some columns of a matrix.
   *
   * @param matrix [rows, columns] of {@link ElementType#F64}
   * @param which [chosen] of {@link ElementType#I32}, below columns
   * @param out [rows, chosen] of {@link ElementType#F64}, overwritten
   */
  static void gatherColumns(Device device, DeviceArray matrix, DeviceArray which, DeviceArray out) {
    matrix.requireAxes(F64, 2);
    which.requireAxes(I32, 1);
    int rows = matrix.extent(0);
    int chosen = which.extent(0);
    device
        .kernel(MODULE, "gather_columns")
        .striding(out.elements())
        .with(matrix)
        .with(which)
        .with(out.require(F64, rows, chosen))
        .with(rows)
        .with(matrix.extent(1))
        .with(chosen)
        .launch();
  }
}
