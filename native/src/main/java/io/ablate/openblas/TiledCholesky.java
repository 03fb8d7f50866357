package io.ablate.openblas;

import static io.ablate.openblas.OpenBlasNative.LEFT;
import static io.ablate.openblas.OpenBlasNative.NO_TRANSPOSE;
import static io.ablate.openblas.OpenBlasNative.RIGHT;
import static io.ablate.openblas.OpenBlasNative.TRANSPOSE;

import java.lang.foreign.MemorySegment;

/**
 * Cholesky factorisation by tiles of a fixed size (right-looking; Golub and Van Loan, Matrix
 * Computations, 4.2): the same operations whatever the number of threads.
 */
final class TiledCholesky {
  private static final int TILE = 256;
  private static final int SOLVE_COLUMNS = 64;

  private final Blocks blocks;
  private final MemorySegment a;
  private final int n;

  /** Works in place on row-major A [n × n]; only the lower triangle is read and written. */
  TiledCholesky(Blocks blocks, MemorySegment a, int n) {
    this.blocks = blocks;
    this.a = a;
    this.n = n;
  }

  /** Factors A = L·Lᵀ; false if A is not positive definite. */
  boolean factor() {
    int tiles = Blocks.count(n, TILE);
    for (int j = 0; j < tiles; j++) {
      int column = j;
      if (OpenBlasNative.dpotrf(size(column), tile(column, column), n) != 0) {
        return false;
      }
      int rest = tiles - 1 - column;
      blocks.run(
          rest,
          r -> {
            int row = column + 1 + r;
            OpenBlasNative.dtrsm(
                RIGHT,
                TRANSPOSE,
                size(row),
                size(column),
                tile(column, column),
                n,
                tile(row, column),
                n);
          });
      // The longest rows first, so that no thread is left with one at the end.
      blocks.run(rest, r -> update(tiles - 1 - r, column));
    }
    return true;
  }

  private void update(int row, int column) {
    for (int other = column + 1; other < row; other++) {
      OpenBlasNative.dgemm(
          NO_TRANSPOSE,
          TRANSPOSE,
          size(row),
          size(other),
          size(column),
          -1,
          tile(row, column),
          n,
          tile(other, column),
          n,
          1,
          tile(row, other),
          n);
    }
    OpenBlasNative.dsyrk(size(row), size(column), -1, tile(row, column), n, 1, tile(row, row), n);
  }

  /** Replaces row-major B [n × k] by (L·Lᵀ)⁻¹·B. */
  void solve(MemorySegment b, int k) {
    blocks.run(
        Blocks.count(k, SOLVE_COLUMNS),
        c -> {
          int first = c * SOLVE_COLUMNS;
          int width = Math.min(SOLVE_COLUMNS, k - first);
          MemorySegment columns = b.asSlice(8L * first);
          OpenBlasNative.dtrsm(LEFT, NO_TRANSPOSE, n, width, a, n, columns, k);
          OpenBlasNative.dtrsm(LEFT, TRANSPOSE, n, width, a, n, columns, k);
        });
  }

  private int size(int tile) {
    return Math.min(TILE, n - tile * TILE);
  }

  private MemorySegment tile(int row, int column) {
    return a.asSlice(8L * ((long) row * TILE * n + (long) column * TILE));
  }
}
