package io.ablate.linalg;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.ablate.mask.MaskMatrix;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What every implementation of {@link LinearAlgebra} must do. Expected values come from plain loops
 * written here; tolerances grow with the length of the sums.
 */
public abstract class LinearAlgebraContract {
  private static final double EPS = 0x1p-52;

  /** The implementation under test. */
  protected abstract LinearAlgebra algebra();

  @ParameterizedTest
  @CsvSource({"1,1,1", "2,3,5", "13,7,11", "1,67,31", "67,1,31", "67,71,1", "5,0,3", "3,4,0"})
  public void shouldMultiplyInAllFourOrientations(int m, int n, int k) {
    double[] a = random(m * k, 1);
    double[] b = random(k * n, 2);
    double[] c = random(m * n, 3);
    for (int orientation = 0; orientation < 4; orientation++) {
      boolean ta = (orientation & 1) != 0;
      boolean tb = (orientation & 2) != 0;
      double[] result = c.clone();
      algebra()
          .multiply(
              ta,
              tb,
              m,
              n,
              k,
              1.5,
              ta ? transposed(a, m, k) : a,
              tb ? transposed(b, k, n) : b,
              -0.5,
              result);
      for (int i = 0; i < m; i++) {
        for (int j = 0; j < n; j++) {
          double sum = 0;
          for (int l = 0; l < k; l++) {
            sum += a[i * k + l] * b[l * n + j];
          }
          assertThat(result[i * n + j])
              .isCloseTo(1.5 * sum - 0.5 * c[i * n + j], within(16 * EPS * (k + 2)));
        }
      }
    }
  }

  @Test
  public void shouldOverwriteNaNWhereBetaIsZero() {
    double[] c = {Double.NaN, Double.NaN};
    algebra().multiply(false, false, 1, 2, 1, 1, new double[] {2}, new double[] {3, 4}, 0, c);
    assertThat(c).containsExactly(6, 8);
  }

  @ParameterizedTest
  @CsvSource({"1,1", "2,64", "13,65", "67,31", "131,257", "0,5", "5,0"})
  public void shouldCountSharedComponentsExactly(int m, int n) {
    MaskMatrix x = masks(m, n, 0.9, 4);
    double[] gram = algebra().gram(x);
    double[] kernel = algebra().kernel(x);
    double[] dense = dense(x);
    assertThat(gram).isEqualTo(product(transposed(dense, m, n), dense, n, n, m));
    assertThat(kernel).isEqualTo(product(dense, transposed(dense, m, n), m, m, n));
  }

  @ParameterizedTest
  @CsvSource({"1,1,1,.5", "13,67,5,.9", "67,13,1,.1", "131,257,3,.9", "31,64,7,1", "31,64,7,0"})
  public void shouldMultiplyByMasks(int m, int n, int k, double keep) {
    MaskMatrix x = masks(m, n, keep, 5);
    double[] dense = dense(x);
    double[] b = random(n * k, 6);
    assertClose(algebra().times(x, b, k), product(dense, b, m, k, n), n);
    double[] c = random(m * k, 7);
    assertClose(algebra().transposeTimes(x, c, k), product(transposed(dense, m, n), c, n, k, m), m);
  }

  @ParameterizedTest
  @CsvSource({"1,1", "2,3", "13,1", "67,11", "131,2", "257,5"})
  public void shouldSolvePositiveDefiniteSystems(int n, int k) {
    double[] a = positiveDefinite(n);
    double[] expected = random(n * k, 9);
    double[] b = product(a, expected, n, k, n);
    assertThat(algebra().solvePositiveDefinite(a.clone(), n, b, k)).isTrue();
    assertClose(b, expected, 100 * n);
  }

  @Test
  public void shouldSayWhenAMatrixIsNotPositiveDefinite() {
    assertThat(
            algebra().solvePositiveDefinite(new double[] {1, 2, 2, 1}, 2, new double[] {1, 1}, 1))
        .isFalse();
    assertThat(algebra().solvePositiveDefinite(new double[] {0}, 1, new double[] {1}, 1)).isFalse();
    assertThat(algebra().solvePositiveDefinite(new double[] {Double.NaN}, 1, new double[] {1}, 1))
        .isFalse();
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 13, 67, 131})
  public void shouldDecomposeSymmetricMatrices(int n) {
    double[] a = random(n * n, 10);
    for (int i = 0; i < n; i++) {
      for (int j = 0; j < i; j++) {
        a[i * n + j] = a[j * n + i];
      }
    }
    double[] vectors = a.clone();
    double[] values = algebra().symmetricEigen(vectors, n);
    assertThat(values).isSorted().hasSize(n);
    double[] scaled = vectors.clone();
    for (int i = 0; i < n * n; i++) {
      scaled[i] *= values[i % n];
    }
    assertClose(product(a, vectors, n, n, n), scaled, 20 * n);
    double[] identity = new double[n * n];
    for (int i = 0; i < n; i++) {
      identity[i * n + i] = 1;
    }
    assertClose(product(transposed(vectors, n, n), vectors, n, n, n), identity, 20 * n);
  }

  @Test
  public void shouldDecomposeARepeatedEigenvalue() {
    double[] a = {2, 0, 0, 0, 2, 0, 0, 0, 2};
    assertThat(algebra().symmetricEigen(a, 3)).containsExactly(2, 2, 2);
  }

  @Test
  public void shouldLeaveArgumentsThatAreNotNamedOutputs() {
    double[] a = random(6, 11);
    double[] b = random(6, 12);
    double[] before = a.clone();
    algebra().multiply(false, false, 2, 2, 3, 1, a, b, 0, new double[4]);
    assertThat(a).isEqualTo(before);
  }

  private static void assertClose(double[] found, double[] expected, int sumLength) {
    assertThat(found).hasSameSizeAs(expected);
    for (int i = 0; i < found.length; i++) {
      assertThat(found[i])
          .isCloseTo(expected[i], within(64 * EPS * (sumLength + 1) * (1 + Math.abs(expected[i]))));
    }
  }

  private static double[] positiveDefinite(int n) {
    double[] root = random(n * n, 8);
    double[] a = product(root, transposed(root, n, n), n, n, n);
    for (int i = 0; i < n; i++) {
      a[i * n + i] += n;
    }
    return a;
  }

  private static MaskMatrix masks(int m, int n, double keep, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    MaskMatrix x = new MaskMatrix(m, n);
    for (int i = 0; i < m; i++) {
      for (int j = 0; j < n; j++) {
        x.set(i, j, random.nextDouble() < keep);
      }
    }
    return x;
  }

  private static double[] dense(MaskMatrix x) {
    double[] dense = new double[x.rows() * x.columns()];
    for (int i = 0; i < dense.length; i++) {
      dense[i] = x.get(i / x.columns(), i % x.columns()) ? 1 : 0;
    }
    return dense;
  }

  private static double[] product(double[] a, double[] b, int m, int n, int k) {
    double[] c = new double[m * n];
    for (int i = 0; i < m; i++) {
      for (int j = 0; j < n; j++) {
        for (int l = 0; l < k; l++) {
          c[i * n + j] += a[i * k + l] * b[l * n + j];
        }
      }
    }
    return c;
  }

  private static double[] transposed(double[] a, int rows, int columns) {
    double[] t = new double[a.length];
    for (int i = 0; i < rows; i++) {
      for (int j = 0; j < columns; j++) {
        t[j * rows + i] = a[i * columns + j];
      }
    }
    return t;
  }

  private static double[] random(int length, long seed) {
    return new SplittableRandom(seed).doubles(length, -1, 1).toArray();
  }
}
