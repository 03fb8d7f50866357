package io.ablate.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.ablate.linalg.EjmlLinearAlgebra;
import io.ablate.linalg.LinearAlgebra;
import io.ablate.linalg.LinearAlgebraContract;
import io.ablate.linalg.MaskRegression;
import io.ablate.linalg.MaskRidge;
import io.ablate.mask.MaskMatrix;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What every implementation must do, with all that has a kernel on the device. */
class CudaLinearAlgebraTest extends LinearAlgebraContract {
  @SuppressWarnings("NullAway.Init")
  private Device device;

  @SuppressWarnings("NullAway.Init")
  private SharedDevice shared;

  private final List<String> onHost = new ArrayList<>();

  @BeforeEach
  void open() {
    device = KernelContract.openDevice();
    shared = new SharedDevice(device);
  }

  @AfterEach
  void close() {
    if (device != null) {
      assertThat(device.liveBytes()).isZero();
      device.close();
    }
  }

  @Override
  protected LinearAlgebra algebra() {
    return new CudaLinearAlgebra(shared, host(), ProductPlacement.ALWAYS);
  }

  /** The reference, which says what it was asked. */
  private LinearAlgebra host() {
    LinearAlgebra reference = new EjmlLinearAlgebra();
    return (LinearAlgebra)
        Proxy.newProxyInstance(
            LinearAlgebra.class.getClassLoader(),
            new Class<?>[] {LinearAlgebra.class},
            (proxy, method, arguments) -> {
              onHost.add(method.getName());
              return method.invoke(reference, arguments);
            });
  }

  /** 1.6 GB of counts. */
  @Test
  void shouldLeaveToTheHostWhatTheDevicesMemoryDoesNotHold() {
    assumeTrue(device.freeBytes() <= 1L << 30, "a device with little memory");
    LinearAlgebra silent =
        (LinearAlgebra)
            Proxy.newProxyInstance(
                LinearAlgebra.class.getClassLoader(),
                new Class<?>[] {LinearAlgebra.class},
                (proxy, method, arguments) -> new double[] {42});
    LinearAlgebra chosen = new CudaLinearAlgebra(shared, silent, new ProductPlacement(0, 1));
    assertThat(chosen.kernel(new MaskMatrix(20_000, 1))).containsExactly(42);
    assertThat(chosen.kernel(new MaskMatrix(9, 70))).hasSize(81);
  }

  /** The contract must not be kept by the host. */
  @Test
  void shouldLeaveOnlyEigenvectorsToTheHost() {
    everyOperation(algebra());
    assertThat(onHost).containsExactly("symmetricEigen");
  }

  @Test
  void shouldLeaveToTheHostWhatIsNotWorthTheWay() {
    LinearAlgebra chosen = new CudaLinearAlgebra(shared, host(), ProductPlacement.BY_ARITHMETIC);
    everyOperation(chosen);
    assertThat(onHost)
        .containsExactly(
            "multiply",
            "gram",
            "kernel",
            "times",
            "transposeTimes",
            "solvePositiveDefinite",
            "regression",
            "ridge",
            "symmetricEigen");
    assertThat(chosen.name()).isEqualTo("cuda");
  }

  private static void everyOperation(LinearAlgebra algebra) {
    MaskMatrix masks = KernelContract.masks(5, 3);
    algebra.multiply(false, false, 1, 1, 1, 1, new double[1], new double[1], 0, new double[1]);
    algebra.gram(masks);
    algebra.kernel(masks);
    algebra.times(masks, new double[3], 1);
    algebra.transposeTimes(masks, new double[5], 1);
    algebra.solvePositiveDefinite(new double[] {1}, 1, new double[1], 1);
    MaskRegression regression = algebra.regression(masks, new double[3], false);
    if (regression != null) {
      regression.close();
    }
    MaskRidge ridge = algebra.ridge(masks, new double[3], false);
    if (ridge != null) {
      ridge.close();
    }
    algebra.symmetricEigen(new double[] {1}, 1);
  }

  /** From n = 768 a factor computes 32 times for each byte of the matrix; n³/3 is then 1.5·10⁸. */
  @ParameterizedTest
  @ValueSource(ints = {767, 768, 5000})
  void shouldPlaceFactorsByTheirSize(int n) {
    double square = (double) n * n;
    assertThat(ProductPlacement.BY_ARITHMETIC.onDevice(square * n / 3, 8 * square))
        .isEqualTo(n >= 768);
  }

  @Test
  void shouldServeManyCallers() {
    double[] a = KernelContract.random(17 * 17, 1);
    double[] expected = new double[17 * 17];
    LinearAlgebra algebra = algebra();
    algebra.multiply(false, true, 17, 17, 17, 1, a, a, 0, expected);
    IntStream.range(0, 8)
        .parallel()
        .forEach(
            i -> {
              double[] c = new double[17 * 17];
              algebra.multiply(false, true, 17, 17, 17, 1, a, a, 0, c);
              assertThat(c).isEqualTo(expected);
            });
  }

  @Test
  void shouldNameTheMatrixThatHasAnotherShape() {
    assertThatThrownBy(() -> algebra().solvePositiveDefinite(new double[3], 2, new double[2], 1))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("array A F64 [2, 2] does not match 24 bytes of F64");
  }
}
