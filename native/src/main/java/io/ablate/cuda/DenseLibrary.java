package io.ablate.cuda;

/**
 * Dense matrices of {@link ElementType#F64} by a library of the device's maker, row-major. Calls
 * are queued in order with launches. For one thread at a time.
 */
interface DenseLibrary extends AutoCloseable {
  /** Name and version, for reports. */
  String describe();

  /**
   * C = alpha · op(A) · op(B) + beta · C; C is not read where beta is 0.
   *
   * @param m rows of C
   * @param n columns of C
   * @param k columns of op(A), rows of op(B)
   */
  void multiply(
      boolean transposeA,
      boolean transposeB,
      int m,
      int n,
      int k,
      double alpha,
      Part a,
      Part b,
      double beta,
      Part c);

  /**
   * Solves LZ = B, or LᵀZ = B, in place.
   *
   * @param n rows of L and of B
   * @param sides columns of B
   * @param l lower triangular; what is above its diagonal is not read
   */
  void solve(boolean transposed, int n, int sides, Part l, Part b);

  @Override
  void close();

  /**
   * A matrix within an array.
   *
   * @param first the element where it begins
   * @param stride elements from row to row
   */
  record Part(DeviceArray array, long first, int stride) {
    /** From a row and a column of a matrix on. */
    static Part of(DeviceArray matrix, int row, int column) {
      int stride = matrix.requireAxes(ElementType.F64, 2).extent(1);
      return new Part(matrix, (long) row * stride + column, stride);
    }

    static Part of(DeviceArray matrix) {
      return of(matrix, 0, 0);
    }

    /**
     * The address of its first element, once so many rows and columns are seen to be within the
     * array.
     */
    long address(int rows, int columns) {
      long end = first + (rows - 1L) * stride + columns;
      if (first < 0 || rows < 1 || columns < 1 || columns > stride || end > array.elements()) {
        throw new IllegalArgumentException(
            rows + " x " + columns + " from element " + first + " on are not within " + array);
      }
      return array.address() + first * Double.BYTES;
    }
  }
}
