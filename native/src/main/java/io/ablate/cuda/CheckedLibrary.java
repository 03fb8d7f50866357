package io.ablate.cuda;

import io.ablate.base.Problem;
import io.ablate.cuda.DenseLibrary.Part;
import io.ablate.nativelib.LibraryUnavailableException;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * A device's library for dense matrices, opened at the first question and entrusted with nothing
 * before it has computed what the processor does. For one thread at a time.
 */
final class CheckedLibrary implements AutoCloseable {
  /** {@code -Dablate.cublas=off} leaves all products to our kernels. */
  static final String SWITCH = "ablate.cublas";

  /** What the check multiplies; no two alike, so that nothing can be mistaken for another. */
  private static final int M = 5;

  private static final int N = 7;
  private static final int K = 3;

  private final DeviceDriver driver;
  private @Nullable DenseLibrary library;
  private @Nullable Problem problem;

  CheckedLibrary(DeviceDriver driver) {
    this.driver = driver;
  }

  /** That of a device whose products our kernels shall do all. */
  static CheckedLibrary unwanted(DeviceDriver driver) {
    CheckedLibrary none = new CheckedLibrary(driver);
    none.problem = Problem.of("not asked for");
    return none;
  }

  /** The library; null where there is none that can be used. */
  @Nullable DenseLibrary get(Device device) {
    if (library == null && problem == null) {
      open(device);
    }
    return library;
  }

  /** Why {@link #get} gives none; null if it gives one. */
  @Nullable Problem whyNot(Device device) {
    return get(device) == null ? problem : null;
  }

  private void open(Device device) {
    if ("off".equals(System.getProperty(SWITCH))) {
      problem = Problem.of("switched off").at("-D" + SWITCH + "=off");
      return;
    }
    DenseLibrary opened = null;
    try {
      opened = driver.openLibrary();
      problem = wrong(device, opened);
    } catch (LibraryUnavailableException e) {
      problem = e.problem();
    } catch (RuntimeException e) {
      problem = Problem.of("it fails").found(String.valueOf(e.getMessage()));
    }
    if (problem == null) {
      library = opened;
    } else if (opened != null) {
      opened.close();
    }
  }

  /** Whole numbers, whose sums are exact in any order. */
  static @Nullable Problem wrong(Device device, DenseLibrary library) {
    for (int orientation = 0; orientation < 4; orientation++) {
      if (!multiplies(device, library, (orientation & 1) != 0, (orientation & 2) != 0)) {
        return computesWrongly(library, "a product");
      }
    }
    for (boolean transposed : new boolean[] {false, true}) {
      if (!solves(device, library, transposed)) {
        return computesWrongly(library, "a solution");
      }
    }
    return null;
  }

  private static Problem computesWrongly(DenseLibrary library, String what) {
    return Problem.of("it computes wrongly")
        .at(library.describe())
        .expected(what + " as on the processor");
  }

  /** 2 op(A) op(B) - C within larger arrays, of which nothing else may change. */
  private static boolean multiplies(
      Device device, DenseLibrary library, boolean transposeA, boolean transposeB) {
    double[] a = numbers(2 + (transposeA ? K * (M + 1) : M * (K + 1)), 5);
    double[] b = numbers(2 + (transposeB ? N * (K + 1) : K * (N + 1)), 7);
    double[] c = numbers(2 + M * (N + 1), 11);
    double[] found;
    try (DeviceScope scope = device.scope()) {
      Part left = new Part(scope.copy("A", a, a.length), 2, (transposeA ? M : K) + 1);
      Part right = new Part(scope.copy("B", b, b.length), 2, (transposeB ? K : N) + 1);
      DeviceArray target = scope.copy("C", c, c.length);
      library.multiply(
          transposeA, transposeB, M, N, K, 2, left, right, -1, new Part(target, 2, N + 1));
      found = device.readDoubles(target);
    }
    for (int i = 0; i < M; i++) {
      for (int j = 0; j < N; j++) {
        double sum = 0;
        for (int k = 0; k < K; k++) {
          sum +=
              a[2 + (transposeA ? k * (M + 1) + i : i * (K + 1) + k)]
                  * b[2 + (transposeB ? j * (K + 1) + k : k * (N + 1) + j)];
        }
        int at = 2 + i * (N + 1) + j;
        c[at] = 2 * sum - c[at];
      }
    }
    return Arrays.equals(found, c);
  }

  /** LZ = B or LᵀZ = B with ones on L's diagonal, for a Z that is known; L's other half is NaN. */
  private static boolean solves(Device device, DenseLibrary library, boolean transposed) {
    double[] l = numbers(M * M, 3);
    for (int i = 0; i < M; i++) {
      l[i * M + i] = 1;
      Arrays.fill(l, i * M + i + 1, (i + 1) * M, Double.NaN);
    }
    double[] z = numbers(M * N, 9);
    double[] b = new double[M * N];
    for (int i = 0; i < M; i++) {
      for (int j = 0; j < N; j++) {
        for (int k = transposed ? i : 0; k <= (transposed ? M - 1 : i); k++) {
          b[i * N + j] += l[transposed ? k * M + i : i * M + k] * z[k * N + j];
        }
      }
    }
    try (DeviceScope scope = device.scope()) {
      DeviceArray sides = scope.copy("B", b, M, N);
      library.solve(transposed, M, N, Part.of(scope.copy("L", l, M, M)), Part.of(sides));
      return Arrays.equals(device.readDoubles(sides), z);
    }
  }

  private static double[] numbers(int count, int seed) {
    double[] numbers = new double[count];
    Arrays.setAll(numbers, i -> (i + 1) * seed % 13 - 6);
    return numbers;
  }

  @Override
  public void close() {
    if (library != null) {
      library.close();
      library = null;
    }
  }
}
