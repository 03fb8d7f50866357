package io.ablate.cuda;

import static io.ablate.cuda.ElementType.F64;

/** Products of dense matrices ({@code multiply.cu}). */
final class MultiplyKernels {
  private static final int TILE = 64;

  private MultiplyKernels() {}

  /**
   * C = alpha · op(A) · op(B) + beta · C, row-major; C is not read where beta is 0.
   *
   * @param a [m, k] of {@link ElementType#F64}, or [k, m] if transposed
   * @param b [k, n], or [n, k] if transposed
   * @param c [m, n]
   */
  static void multiply(
      Device device,
      boolean transposeA,
      boolean transposeB,
      double alpha,
      DeviceArray a,
      DeviceArray b,
      double beta,
      DeviceArray c) {
    c.requireAxes(F64, 2);
    int m = c.extent(0);
    int n = c.extent(1);
    int k = a.extent(transposeA ? 0 : 1);
    a.require(F64, transposeA ? k : m, transposeA ? m : k);
    b.require(F64, transposeB ? n : k, transposeB ? k : n);
    if (DenseProducts.multiply(device, transposeA, transposeB, alpha, a, b, beta, c)) {
      return;
    }
    device
        .kernel("multiply", "multiply_f64")
        .grid(Launch.ceilDiv(n, TILE), Launch.ceilDiv(m, TILE), 1)
        .block(16, 16)
        .with(a)
        .with(b)
        .with(c)
        .with(m)
        .with(n)
        .with(k)
        .with(transposeA ? 1 : 0)
        .with(transposeB ? 1 : 0)
        .with(alpha)
        .with(beta)
        .launch();
  }
}
