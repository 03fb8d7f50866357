package io.ablate.cuda;

import static io.ablate.cuda.ElementType.F64;
import static io.ablate.cuda.ElementType.I32;

/**
 * Symmetric positive definite systems with many right sides ({@code cholesky.cu}); large ones are
 * solved by {@link DenseProducts}.
 */
final class CholeskyKernels {
  private static final String MODULE = "cholesky";
  private static final int BLOCK = 32;
  private static final int SQUARE = 64;
  private static final int THREADS = 128;

  private CholeskyKernels() {}

  /**
   * A = LLᵀ in place; only the lower triangle is read and written.
   *
   * @param a [n, n] of {@link ElementType#F64}
   * @return 0, or 1 + the first column where A is not positive definite
   */
  static int factor(Device device, DeviceArray a) {
    a.requireAxes(F64, 2);
    int n = a.extent(0);
    a.require(F64, n, n);
    try (DeviceScope scope = device.scope()) {
      DeviceArray info = scope.zeros("info", I32, 1);
      for (int at = 0; at < n; at += BLOCK) {
        device
            .kernel(MODULE, "cholesky_diagonal")
            .block(BLOCK, BLOCK)
            .with(a)
            .with(info)
            .with(n)
            .with(at)
            .launch();
        int rest = Math.max(0, n - at - BLOCK);
        device
            .kernel(MODULE, "cholesky_panel")
            .grid(Launch.ceilDiv(rest, THREADS), 1, 1)
            .block(THREADS, 1)
            .with(a)
            .with(n)
            .with(at)
            .launch();
        int squares = Launch.ceilDiv(rest, SQUARE);
        device
            .kernel(MODULE, "cholesky_update")
            .grid(squares, squares, 1)
            .block(16, 16)
            .with(a)
            .with(n)
            .with(at)
            .launch();
      }
      return device.readInts(info)[0];
    }
  }

  /**
   * Solves LLᵀZ = B in place.
   *
   * @param l the factor, [n, n]
   * @param b [n, sides]; becomes Z
   */
  static void solve(Device device, DeviceArray l, DeviceArray b) {
    solveForward(device, l, b, 0);
    if (DenseProducts.solve(device, true, l, b, 0)) {
      return;
    }
    int n = b.extent(0);
    for (int at = Math.floorDiv(n - 1, BLOCK) * BLOCK; at >= 0; at -= BLOCK) {
      solve(device, l, b, at, at, true);
    }
  }

  /**
   * Solves LZ = B in place.
   *
   * @param l the factor, [n, n]
   * @param b [n, sides]; becomes Z
   * @param zeros how many rows of b are 0 throughout, of the first ones
   */
  static void solveForward(Device device, DeviceArray l, DeviceArray b, int zeros) {
    b.requireAxes(F64, 2);
    int n = b.extent(0);
    l.require(F64, n, n);
    if (DenseProducts.solve(device, false, l, b, zeros)) {
      return;
    }
    for (int at = zeros / BLOCK * BLOCK; at < n; at += BLOCK) {
      solve(device, l, b, at, n - at - BLOCK, false);
    }
  }

  private static void solve(
      Device device, DeviceArray l, DeviceArray b, int at, int rest, boolean transposed) {
    int sides = b.extent(1);
    device
        .kernel(MODULE, "solve_diagonal")
        .grid(Launch.ceilDiv(sides, THREADS), 1, 1)
        .block(THREADS, 1)
        .with(l)
        .with(b)
        .with(b.extent(0))
        .with(sides)
        .with(at)
        .with(transposed ? 1 : 0)
        .launch();
    device
        .kernel(MODULE, "solve_update")
        .grid(Launch.ceilDiv(sides, SQUARE), Launch.ceilDiv(Math.max(0, rest), SQUARE), 1)
        .block(16, 16)
        .with(l)
        .with(b)
        .with(b.extent(0))
        .with(sides)
        .with(at)
        .with(transposed ? 1 : 0)
        .launch();
  }
}
