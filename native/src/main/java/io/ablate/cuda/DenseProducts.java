package io.ablate.cuda;

import static io.ablate.cuda.ElementType.F64;

import io.ablate.cuda.DenseLibrary.Part;
import org.jspecify.annotations.Nullable;

/**
 * Large products and solves by the device's {@link DenseLibrary}, where it has one. Its bits depend
 * on the shapes that it is given. So many columns go to it in blocks of {@value #COLUMNS}: however
 * a caller cuts columns into multiples of that, they are the same.
 */
final class DenseProducts {
  /** Columns of right sides that the library is given at once. */
  static final int COLUMNS = 4096;

  /** Multiply-adds from which it is asked; of fewer our kernels have done most in one launch. */
  private static final double LEAST = 1 << 24;

  /** Rows of masks that are written out as numbers at once. */
  private static final int MASK_ROWS = 4096;

  /** Entries of masks that are: 64 MiB. */
  private static final int MASK_ENTRIES = 1 << 23;

  private DenseProducts() {}

  private static @Nullable DenseLibrary library(Device device, double multiplyAdds) {
    return multiplyAdds < LEAST ? null : device.library();
  }

  /** As {@link MultiplyKernels#multiply}; false where that is not done here. */
  static boolean multiply(
      Device device,
      boolean transposeA,
      boolean transposeB,
      double alpha,
      DeviceArray a,
      DeviceArray b,
      double beta,
      DeviceArray c) {
    int m = c.extent(0);
    int n = c.extent(1);
    int k = a.extent(transposeA ? 0 : 1);
    DenseLibrary library = library(device, (double) m * n * k);
    if (library == null) {
      return false;
    }
    library.multiply(
        transposeA, transposeB, m, n, k, alpha, Part.of(a), Part.of(b), beta, Part.of(c));
    return true;
  }

  /**
   * As {@link ProductKernels#times}, pieces of the masks written out as numbers one after the
   * other; false where that is not done here.
   *
   * @param transposed [inner, words of rows]
   * @param b [inner, columns] of {@link ElementType#F64}
   * @param out [rows, columns], overwritten
   */
  static boolean times(Device device, DeviceArray transposed, DeviceArray b, DeviceArray out) {
    int rows = out.extent(0);
    int inner = b.extent(0);
    int columns = out.extent(1);
    DenseLibrary library = library(device, (double) rows * inner * columns);
    if (library == null) {
      return false;
    }
    int down = evenly(rows, MASK_ROWS);
    int deep = evenly(inner, MASK_ENTRIES / down);
    if (device.freeBytes() < 2L * Double.BYTES * down * deep) {
      return false;
    }
    for (int row = 0; row < rows; row += down) {
      int m = Math.min(down, rows - row);
      for (int at = 0; at < inner; at += deep) {
        int k = Math.min(deep, inner - at);
        try (DeviceScope scope = device.scope()) {
          DeviceArray masks = scope.array("masks as numbers", F64, k, m);
          MaskKernels.expandPart(device, transposed, at, row, masks);
          for (int column = 0; column < columns; column += COLUMNS) {
            int n = Math.min(COLUMNS, columns - column);
            Part piece = Part.of(out, row, column);
            double keep = at == 0 ? 0 : 1;
            library.multiply(
                true, false, m, n, k, 1, Part.of(masks), Part.of(b, at, column), keep, piece);
          }
        }
      }
    }
    return true;
  }

  /** The least piece by which as few pieces as may be cover an extent. */
  private static int evenly(int extent, int most) {
    return Math.ceilDiv(extent, Math.ceilDiv(extent, most));
  }

  /**
   * Solves LZ = B or LᵀZ = B from a row on, in place; false where that is not done here.
   *
   * @param l [n, n] of {@link ElementType#F64}, lower triangular
   * @param b [n, sides]
   * @param from the first row
   */
  static boolean solve(Device device, boolean transposed, DeviceArray l, DeviceArray b, int from) {
    int n = b.extent(0) - from;
    int sides = b.extent(1);
    DenseLibrary library = library(device, (double) n * n / 2 * sides);
    if (library == null) {
      return false;
    }
    for (int column = 0; column < sides; column += COLUMNS) {
      library.solve(
          transposed,
          n,
          Math.min(COLUMNS, sides - column),
          Part.of(l, from, from),
          Part.of(b, from, column));
    }
    return true;
  }
}
