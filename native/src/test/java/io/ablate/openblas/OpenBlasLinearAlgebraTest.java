package io.ablate.openblas;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.ablate.linalg.EjmlLinearAlgebra;
import io.ablate.linalg.LinearAlgebra;
import io.ablate.linalg.LinearAlgebraContract;
import io.ablate.nativelib.Platform;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Isolated;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** OpenBLAS keeps the contract, agrees with the reference beyond one tile, and leaks nothing. */
@Isolated("looks at the memory of the process")
class OpenBlasLinearAlgebraTest extends LinearAlgebraContract {
  private static final EjmlLinearAlgebra REFERENCE = new EjmlLinearAlgebra();

  @BeforeAll
  static void requireLibrary() {
    // Skipped only where the build brings no library; where it does, it must load.
    assumeTrue(OpenBlasFiles.of(Platform.current()) != null, "no OpenBLAS for this platform");
    assertThat(OpenBlasNative.problem()).isNull();
  }

  @Override
  protected LinearAlgebra algebra() {
    return new OpenBlasLinearAlgebra(2);
  }

  @ParameterizedTest
  @CsvSource({"257,263,31,0", "521,3,600,1.5", "3,521,7,-1"})
  void shouldMultiplyAsTheReferenceAcrossTiles(int m, int n, int k, double beta) {
    double[] a = random(m * k, 1);
    double[] b = random(k * n, 2);
    double[] expected = random(m * n, 3);
    double[] found = expected.clone();
    for (boolean transpose : new boolean[] {false, true}) {
      REFERENCE.multiply(transpose, !transpose, m, n, k, -2, a, b, beta, expected);
      algebra().multiply(transpose, !transpose, m, n, k, -2, a, b, beta, found);
      assertThat(found).containsExactly(expected, within(1e-11));
    }
  }

  @ParameterizedTest
  @CsvSource({"256,64", "257,65", "613,101", "521,0"})
  void shouldSolveAsTheReferenceAcrossTiles(int n, int k) {
    double[] a = positiveDefinite(n);
    double[] expected = random(n * k, 4);
    double[] found = expected.clone();
    assertThat(REFERENCE.solvePositiveDefinite(a.clone(), n, expected, k)).isTrue();
    assertThat(algebra().solvePositiveDefinite(a, n, found, k)).isTrue();
    assertThat(found).containsExactly(expected, within(1e-12));
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 255, 300, 599})
  void shouldSeeWhereverAMatrixStopsBeingPositiveDefinite(int at) {
    int n = 600;
    double[] a = positiveDefinite(n);
    a[at * n + at] = -1;
    assertThat(algebra().solvePositiveDefinite(a.clone(), n, new double[n], 1)).isFalse();
    a[at * n + at] = Double.NaN;
    assertThat(algebra().solvePositiveDefinite(a, n, new double[n], 1)).isFalse();
  }

  @Test
  void shouldGiveTheSameBitsForAnyNumberOfThreads() {
    int n = 613;
    double[] a = random(n * n, 5);
    double[] definite = positiveDefinite(n);
    double[] product = new double[n * n];
    double[] solution = random(n * 131, 6);
    LinearAlgebra one = new OpenBlasLinearAlgebra(1);
    one.multiply(false, true, n, n, n, 1, a, a, 0, product);
    double[] right = solution.clone();
    one.solvePositiveDefinite(definite.clone(), n, solution, 131);
    for (int threads : new int[] {2, 3, 7}) {
      LinearAlgebra many = new OpenBlasLinearAlgebra(threads);
      double[] otherProduct = new double[n * n];
      many.multiply(false, true, n, n, n, 1, a, a, 0, otherProduct);
      assertThat(otherProduct).isEqualTo(product);
      double[] otherSolution = right.clone();
      many.solvePositiveDefinite(definite.clone(), n, otherSolution, 131);
      assertThat(otherSolution).isEqualTo(solution);
    }
  }

  @Test
  void shouldServeManyCallersAtOnce() {
    int n = 151;
    double[] a = random(n * n, 7);
    double[] expected = new double[n * n];
    LinearAlgebra algebra = algebra();
    algebra.multiply(false, false, n, n, n, 1, a, a, 0, expected);
    IntStream.range(0, 64)
        .parallel()
        .forEach(
            i -> {
              double[] c = new double[n * n];
              algebra.multiply(false, false, n, n, n, 1, a, a, 0, c);
              assertThat(c).isEqualTo(expected);
            });
  }

  @Test
  void shouldReturnItsNativeMemory() throws IOException {
    Path status = Path.of("/proc/self/status");
    assumeTrue(Files.exists(status), "resident memory is read from /proc");
    int n = 700; // 4 MB a matrix, 12 MB a product
    double[] a = random(n * n, 8);
    double[] c = new double[n * n];
    double[] definite = positiveDefinite(n);
    long baseline = 0;
    for (int i = 0; i < 60; i++) {
      algebra().multiply(false, false, n, n, n, 1, a, a, 0, c);
      algebra().solvePositiveDefinite(definite.clone(), n, new double[n], 1);
      if (i == 9) {
        System.gc();
        baseline = residentKilobytes(status);
      }
    }
    System.gc();
    // 50 rounds that leaked would hold more than 700 MB; the heap's own movement stays below this.
    assertThat(residentKilobytes(status) - baseline).isLessThan(200_000);
  }

  @Test
  void shouldNameTheMatrixThatHasAnotherShape() {
    assertThatThrownBy(
            () ->
                algebra()
                    .multiply(
                        false, false, 2, 3, 4, 1, new double[8], new double[11], 0, new double[6]))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("B is 4 x 3, its array has length 11");
    assertThatThrownBy(() -> algebra().symmetricEigen(new double[3], 2))
        .hasMessage("A is 2 x 2, its array has length 3");
    assertThatThrownBy(() -> algebra().symmetricEigen(new double[] {Double.NaN}, 1))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("no eigenvalues of a symmetric matrix, 1 x 1: it holds NaN");
    assertThatThrownBy(() -> new OpenBlasLinearAlgebra(0)).hasMessage("threads: 0");
  }

  private static double[] positiveDefinite(int n) {
    double[] a = random(n * n, 9);
    for (int i = 0; i < n; i++) {
      for (int j = 0; j < i; j++) {
        a[i * n + j] = a[j * n + i];
      }
      a[i * n + i] += n;
    }
    return a;
  }

  private static long residentKilobytes(Path status) throws IOException {
    return Files.readAllLines(status).stream()
        .filter(line -> line.startsWith("VmRSS:"))
        .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
        .findFirst()
        .orElseThrow();
  }

  private static double[] random(int length, long seed) {
    return new SplittableRandom(seed).doubles(length, -1, 1).toArray();
  }
}
