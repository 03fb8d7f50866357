package io.ablate.cuda;

import static io.ablate.cuda.ElementType.F64;
import static io.ablate.cuda.ElementType.I32;
import static io.ablate.cuda.ElementType.I64;

import io.ablate.linalg.LinearAlgebra;
import io.ablate.linalg.MaskRegression;
import io.ablate.linalg.MaskRidge;
import io.ablate.mask.MaskMatrix;
import org.jspecify.annotations.Nullable;

/**
 * Linear algebra on an NVIDIA device: every operation copies its arguments there and its result
 * back. Those that the {@link ProductPlacement} keeps away, and all eigenvectors, are left to an
 * implementation on the host. Thread-safe; one operation at a time is on the device.
 */
final class CudaLinearAlgebra implements LinearAlgebra {
  static final String NAME = "cuda";

  /** What nobody asked for by name must not fail where the host would not have. */
  private static final double SHARE_OF_MEMORY = .9;

  /** Leverages that a ridge keeps, at about. */
  private static final int GRID_OF_LAMBDAS = 30;

  private final SharedDevice device;
  private final LinearAlgebra host;
  private final ProductPlacement placement;

  CudaLinearAlgebra(SharedDevice device, LinearAlgebra host, ProductPlacement placement) {
    this.device = device;
    this.host = host;
    this.placement = placement;
  }

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public void multiply(
      boolean transposeA,
      boolean transposeB,
      int m,
      int n,
      int k,
      double alpha,
      double[] a,
      double[] b,
      double beta,
      double[] c) {
    double entries = (double) m * k + (double) k * n + (beta == 0 ? 1 : 2) * (double) m * n;
    if (!onDevice(2.0 * m * n * k, Double.BYTES * entries, 0)) {
      host.multiply(transposeA, transposeB, m, n, k, alpha, a, b, beta, c);
      return;
    }
    double[] product =
        device.callAndTrim(
            on -> {
              try (DeviceScope scope = on.scope()) {
                DeviceArray left = transposeA ? scope.copy("A", a, k, m) : scope.copy("A", a, m, k);
                DeviceArray right =
                    transposeB ? scope.copy("B", b, n, k) : scope.copy("B", b, k, n);
                DeviceArray target =
                    beta == 0 ? scope.array("C", F64, m, n) : scope.copy("C", c, m, n);
                MultiplyKernels.multiply(
                    on, transposeA, transposeB, alpha, left, right, beta, target);
                return on.readDoubles(target);
              }
            });
    System.arraycopy(product, 0, c, 0, product.length);
  }

  @Override
  public double[] gram(MaskMatrix x) {
    double n = x.columns();
    if (!countsOnDevice(n, x.rows(), x)) {
      return host.gram(x);
    }
    return device.callAndTrim(
        on -> {
          try (DeviceScope scope = on.scope()) {
            return counts(on, scope, transposed(on, scope, x));
          }
        });
  }

  @Override
  public double[] kernel(MaskMatrix x) {
    if (!countsOnDevice(x.rows(), x.columns(), x)) {
      return host.kernel(x);
    }
    return device.callAndTrim(
        on -> {
          try (DeviceScope scope = on.scope()) {
            return counts(on, scope, words(scope, x));
          }
        });
  }

  /** AND and population count of every pair, 64 bits at a time. */
  private boolean countsOnDevice(double size, double inner, MaskMatrix x) {
    return onDevice(
        size * size * inner / Long.SIZE, Integer.BYTES * size * size + bytes(x), bytes(x));
  }

  private static double[] counts(Device on, DeviceScope scope, DeviceArray words) {
    int size = words.extent(0);
    DeviceArray counts = scope.array("counts", I32, size, size);
    GramKernels.counts(on, words, counts);
    int[] found = on.readInts(counts);
    double[] all = new double[found.length];
    for (int i = 0; i < all.length; i++) {
      all[i] = found[i];
    }
    return all;
  }

  @Override
  public double[] times(MaskMatrix x, double[] b, int k) {
    if (!timesOnDevice(x, k)) {
      return host.times(x, b, k);
    }
    return device.callAndTrim(
        on -> {
          try (DeviceScope scope = on.scope()) {
            DeviceArray right = scope.copy("B", b, x.columns(), k);
            DeviceArray product = scope.array("product", F64, x.rows(), k);
            ProductKernels.times(on, transposed(on, scope, x), right, product);
            return on.readDoubles(product);
          }
        });
  }

  @Override
  public double[] transposeTimes(MaskMatrix x, double[] b, int k) {
    if (!timesOnDevice(x, k)) {
      return host.transposeTimes(x, b, k);
    }
    return device.callAndTrim(
        on -> {
          try (DeviceScope scope = on.scope()) {
            DeviceArray right = scope.copy("B", b, x.rows(), k);
            DeviceArray product = scope.array("product", F64, x.columns(), k);
            ProductKernels.times(on, words(scope, x), right, product);
            return on.readDoubles(product);
          }
        });
  }

  /** The host adds only the rarer of kept and ablated entries: a quarter of all, at about. */
  private boolean timesOnDevice(MaskMatrix x, double k) {
    double entries = (double) x.rows() * x.columns();
    return onDevice(
        entries * k / 4, Double.BYTES * k * ((double) x.rows() + x.columns()) + bytes(x), bytes(x));
  }

  /** By n alone, so that a solution does not depend on how many there are. */
  @Override
  public boolean solvePositiveDefinite(double[] a, int n, double[] b, int k) {
    double square = (double) n * n;
    if (!onDevice(square * n / 3, Double.BYTES * square, (double) Double.BYTES * n * k)) {
      return host.solvePositiveDefinite(a, n, b, k);
    }
    return device.callAndTrim(
        on -> {
          try (DeviceScope scope = on.scope()) {
            DeviceArray matrix = scope.copy("A", a, n, n);
            DeviceArray right = scope.copy("B", b, n, k);
            if (CholeskyKernels.factor(on, matrix) != 0) {
              return false;
            }
            CholeskyKernels.solve(on, matrix, right);
            double[] solved = on.readDoubles(right);
            System.arraycopy(solved, 0, b, 0, solved.length);
            return true;
          }
        });
  }

  @Override
  public @Nullable MaskRegression regression(MaskMatrix x, double[] columnCounts, boolean byRows) {
    return factoredOnDevice(x, byRows, 3)
        ? new DeviceRegression(device, x, columnCounts, byRows)
        : host.regression(x, columnCounts, byRows);
  }

  @Override
  public @Nullable MaskRidge ridge(MaskMatrix x, double[] columnCounts, boolean byRows) {
    return factoredOnDevice(x, byRows, 2 + GRID_OF_LAMBDAS)
        ? new DeviceRidge(device, x, columnCounts, byRows)
        : host.ridge(x, columnCounts, byRows);
  }

  /**
   * Whether a regression's matrix is factored on the device; see {@link #solvePositiveDefinite}.
   *
   * @param vectors of rows and of columns that one output needs
   */
  private boolean factoredOnDevice(MaskMatrix x, boolean byRows, int vectors) {
    double size = byRows ? x.rows() : x.columns();
    double square = Double.BYTES * size * size;
    double oneOutput = (double) vectors * Double.BYTES * ((double) x.rows() + x.columns());
    return onDevice(size * size * size / 3, square, square + 3 * bytes(x) + oneOutput);
  }

  /** On the host: there is no kernel for it. */
  @Override
  public double[] symmetricEigen(double[] a, int n) {
    return host.symmetricEigen(a, n);
  }

  /**
   * Whether an operation is done on the device.
   *
   * @param copied bytes that go there and come back
   * @param more bytes that it needs there besides
   */
  private boolean onDevice(double operations, double copied, double more) {
    return placement.onDevice(operations, copied)
        && (placement.equals(ProductPlacement.ALWAYS)
            || copied + more <= SHARE_OF_MEMORY * device.call(Device::freeBytes));
  }

  private static double bytes(MaskMatrix x) {
    return (double) Long.BYTES * x.rows() * x.wordsPerRow();
  }

  private static DeviceArray words(DeviceScope scope, MaskMatrix x) {
    return scope.copy("masks", x.words(), x.rows(), x.wordsPerRow());
  }

  private static DeviceArray transposed(Device on, DeviceScope scope, MaskMatrix x) {
    DeviceArray turned = scope.array("columns", I64, x.columns(), MaskMatrix.wordsPerRow(x.rows()));
    MaskKernels.transpose(on, words(scope, x), x.columns(), turned);
    return turned;
  }
}
