package io.ablate.cuda;

import static io.ablate.cuda.ElementType.F64;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.ablate.linalg.EjmlLinearAlgebra;
import io.ablate.mask.MaskMatrix;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Products and solves so large that a library does them, as the reference has them. */
class DenseProductsTest extends KernelContract {
  private static final EjmlLinearAlgebra REFERENCE = new EjmlLinearAlgebra();

  private void requireLibrary() {
    assumeTrue(device.library() != null, "no library on " + device.describe());
  }

  @ParameterizedTest
  @CsvSource({"259,257,253,false,false", "1,4099,4101,true,true", "700,150,161,true,false"})
  void shouldMultiply(int m, int n, int k, boolean transposeA, boolean transposeB) {
    requireLibrary();
    double[] a = random(m * k, 1);
    double[] b = random(k * n, 2);
    double[] c = random(m * n, 3);
    DeviceArray left = transposeA ? scope.copy("a", a, k, m) : scope.copy("a", a, m, k);
    DeviceArray right = transposeB ? scope.copy("b", b, n, k) : scope.copy("b", b, k, n);
    DeviceArray target = scope.copy("c", c, m, n);
    assertThat(DenseProducts.multiply(device, transposeA, transposeB, .5, left, right, 2, target))
        .isTrue();
    REFERENCE.multiply(transposeA, transposeB, m, n, k, .5, a, b, 2, c);
    assertThat(deviation(device.readDoubles(target), c)).isLessThan(1e-15 * (k + 1));
  }

  /** Rows in pieces, the inner extent in pieces, columns in blocks. */
  @ParameterizedTest
  @CsvSource({"4100,2100,2", "2099,4001,2", "70,60,5000", "1300,300,44"})
  void shouldMultiplyMasks(int rows, int inner, int columns) {
    requireLibrary();
    MaskMatrix turned = masks(inner, rows);
    double[] b = random(inner * columns, 1);
    DeviceArray out = scope.array("out", F64, rows, columns);
    DeviceArray right = scope.copy("b", b, inner, columns);
    assertThat(DenseProducts.times(device, copy(turned), right, out)).isTrue();
    assertThat(deviation(device.readDoubles(out), REFERENCE.transposeTimes(turned, b, columns)))
        .isLessThan(1e-15 * (inner + 1));
  }

  @ParameterizedTest
  @CsvSource({"90,5000,0", "97,5000,3", "300,400,0"})
  void shouldSolve(int n, int sides, int from) {
    requireLibrary();
    double[] l = random(n * n, 4);
    for (int i = 0; i < n; i++) {
      l[i * n + i] = n;
    }
    DeviceArray factor = scope.copy("l", l, n, n);
    double[] b = random(n * sides, 5);
    for (boolean transposed : new boolean[] {false, true}) {
      DeviceArray right = scope.copy("b", b, n, sides);
      assertThat(DenseProducts.solve(device, transposed, factor, right, from)).isTrue();
      double[] found = device.readDoubles(right);
      double[] again = new double[b.length];
      for (int i = 0; i < n; i++) {
        if (i < from) {
          System.arraycopy(found, i * sides, again, i * sides, sides);
          continue;
        }
        for (int k = transposed ? i : from; k < (transposed ? n : i + 1); k++) {
          double factorOf = l[transposed ? k * n + i : i * n + k];
          for (int j = 0; j < sides; j++) {
            again[i * sides + j] += factorOf * found[k * sides + j];
          }
        }
      }
      assertThat(deviation(again, b)).isLessThan(1e-14 * n);
    }
  }

  /** The same calls from above, where they must not be missed. */
  @Test
  void shouldBeAskedByWhatMultipliesAndSolves() {
    try (EmulatedDriver driver = EmulatedDriver.start(1L << 30)) {
      Device counted = new Device(driver);
      assertThat(counted.library()).isNotNull();
      int first = driver.byLibrary();
      try (DeviceScope local = counted.scope()) {
        DeviceArray square = local.zeros("square", F64, 300, 300);
        RidgeKernels.addToDiagonal(counted, square, 1);
        DeviceArray sides = local.zeros("sides", F64, 300, 400);
        CholeskyKernels.solve(counted, square, sides);
        assertThat(driver.byLibrary() - first).isEqualTo(2);
        DeviceArray product = local.array("product", F64, 300, 400);
        MultiplyKernels.multiply(counted, false, false, 1, square, sides, 0, product);
        assertThat(driver.byLibrary() - first).isEqualTo(3);
        MaskMatrix turned = masks(300, 300);
        DeviceArray words = local.copy("masks", turned.words(), 300, turned.wordsPerRow());
        ProductKernels.times(counted, words, sides, product);
        assertThat(driver.byLibrary() - first).isEqualTo(4);
        // Small ones stay with our kernels.
        DeviceArray few = local.zeros("few", F64, 300, 3);
        CholeskyKernels.solve(counted, square, few);
        MultiplyKernels.multiply(counted, false, false, 1, square, few, 0, few);
        assertThat(driver.byLibrary() - first).isEqualTo(4);
      }
      counted.trim();
    }
  }

  /** The masks as numbers are 3 MB. */
  @Test
  void shouldLeaveToTheKernelsWhatMemoryDoesNotHold() {
    try (Device small = EmulatedDriver.open(1L << 20);
        DeviceScope local = small.scope()) {
      MaskMatrix turned = masks(1300, 300);
      DeviceArray words = local.copy("masks", turned.words(), 1300, turned.wordsPerRow());
      DeviceArray right = local.zeros("b", F64, 1300, 44);
      DeviceArray out = local.array("out", F64, 300, 44);
      assertThat(small.library()).isNotNull();
      assertThat(DenseProducts.times(small, words, right, out)).isFalse();
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 4095, 4096, 10_000})
  void shouldCutColumnsWhereTheLibrarysBlocksEnd(int left) {
    // .6 of the memory are 9,830 columns of 1 KB, or 4,915 of 2 KB.
    try (Device some = EmulatedDriver.open(1L << 24)) {
      assertThat(DeviceNormalEquations.atOnce(some, 1024, left, left))
          .isEqualTo(left == 10_000 ? 8192 : left);
      assertThat(DeviceNormalEquations.atOnce(some, 2048, left, left))
          .isEqualTo(Math.min(left, 4096));
      assertThat(DeviceNormalEquations.atOnce(some, 1 << 20, 10, left)).isBetween(1, 10);
    }
  }

  @Test
  void shouldExpandAPartOfTheMasks() {
    MaskMatrix masks = masks(9, 200);
    DeviceArray part = scope.array("part", F64, 4, 130);
    MaskKernels.expandPart(device, copy(masks), 5, 63, part);
    double[] found = device.readDoubles(part);
    for (int i = 0; i < found.length; i++) {
      assertThat(found[i]).isEqualTo(masks.get(5 + i / 130, 63 + i % 130) ? 1 : 0);
    }
    assertThat(Arrays.stream(found).sum()).isBetween(1.0, 519.0);
    assertThatThrownBy(() -> MaskKernels.expandPart(device, copy(masks), 6, 63, part))
        .hasMessage("part F64 [4, 130] from row 6 and column 63 of masks I64 [9, 4]");
  }
}
