package io.ablate.estimate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.SplittableRandom;
import org.ejml.data.DMatrixRMaj;
import org.ejml.dense.row.CommonOps_DDRM;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SmallCholeskyTest {
  @ParameterizedTest
  @ValueSource(ints = {1, 2, 13, 67})
  void shouldAgreeWithAnIndependentDeterminantAndInverse(int size) {
    SplittableRandom random = new SplittableRandom(size);
    DMatrixRMaj root = new DMatrixRMaj(size, size);
    for (int i = 0; i < size * size; i++) {
      root.data[i] = random.nextGaussian();
    }
    DMatrixRMaj a = CommonOps_DDRM.identity(size);
    CommonOps_DDRM.multAddTransB(root, root, a);
    DMatrixRMaj expected = new DMatrixRMaj(size, size);
    CommonOps_DDRM.invert(a, expected);
    SmallCholesky factor = SmallCholesky.of(a.data.clone(), size);
    assertThat(factor.logDeterminant())
        .isCloseTo(Math.log(CommonOps_DDRM.det(a)), within(1e-9 * size));
    double[] inverse = factor.inverse();
    for (int i = 0; i < size; i++) {
      for (int j = i; j < size; j++) {
        assertThat(inverse[i * size + j]).isCloseTo(expected.get(i, j), within(1e-9));
      }
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 3, 8, 21})
  void shouldSolveTheTransposedFactor(int size) {
    SplittableRandom random = new SplittableRandom(size);
    DMatrixRMaj root = new DMatrixRMaj(size, size, true, random.doubles(size * size).toArray());
    DMatrixRMaj a = CommonOps_DDRM.identity(size);
    CommonOps_DDRM.multAddTransB(root, root, a);
    double[][] right = new double[size][];
    for (int i = 0; i < size; i++) {
      right[i] = random.doubles(5, -1, 1).toArray();
    }
    DMatrixRMaj given = new DMatrixRMaj(right);
    DMatrixRMaj solved = new DMatrixRMaj(size, 5);
    CommonOps_DDRM.solve(a, given, solved);
    DMatrixRMaj expected = new DMatrixRMaj(5, 5);
    CommonOps_DDRM.multTransA(given, solved, expected);

    // YᵀY = rightᵀ A⁻¹ right.
    SmallCholesky.of(a.data.clone(), size).solveTransposed(right, 5);
    DMatrixRMaj y = new DMatrixRMaj(right);
    DMatrixRMaj found = new DMatrixRMaj(5, 5);
    CommonOps_DDRM.multTransA(y, y, found);
    assertThat(found.data).containsExactly(expected.data, within(1e-10 * size));
  }

  @Test
  void shouldRefuseAMatrixThatIsNotPositiveDefinite() {
    assertThatThrownBy(() -> SmallCholesky.of(new double[] {1, 2, 2, 1}, 2))
        .isInstanceOf(ArithmeticException.class)
        .hasMessageContaining("pivot 1");
  }
}
