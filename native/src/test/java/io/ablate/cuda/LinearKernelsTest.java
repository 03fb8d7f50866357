package io.ablate.cuda;

import static io.ablate.cuda.ElementType.F32;
import static io.ablate.cuda.ElementType.F64;
import static io.ablate.cuda.ElementType.I32;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.ablate.estimate.EstimateOracles;
import io.ablate.linalg.EjmlLinearAlgebra;
import io.ablate.mask.MaskMatrix;
import java.util.Arrays;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Gram matrices exactly, products and solves to rounding, as the reference has them. */
class LinearKernelsTest extends KernelContract {
  private static final EjmlLinearAlgebra REFERENCE = new EjmlLinearAlgebra();

  @ParameterizedTest
  @CsvSource({"1,1", "2,31", "31,700", "33,32", "63,33", "64,64", "65,63", "130,257", "257,65"})
  void shouldCountExactly(int rows, int columns) {
    MaskMatrix masks = masks(rows, columns);
    DeviceArray ofRows = counts(copy(masks), rows);
    assertThat(doubles(ofRows)).isEqualTo(REFERENCE.kernel(masks));
    DeviceArray kernel = scope.array("kernel", F64, rows, rows);
    GramKernels.centreKernel(device, ofRows, 0, kernel);
    assertThat(device.readDoubles(kernel)).isEqualTo(EstimateOracles.kernel(masks));
    GramKernels.centreKernel(device, ofRows, 2.5, kernel);
    assertThat(device.readDoubles(kernel))
        .isEqualTo(Arrays.stream(EstimateOracles.kernel(masks)).map(v -> v + 2.5).toArray());

    DeviceArray turned = copy(transposed(masks));
    DeviceArray ofColumns = counts(turned, columns);
    assertThat(doubles(ofColumns)).isEqualTo(REFERENCE.gram(masks));
    DeviceArray gram = scope.array("gram", F64, columns, columns);
    GramKernels.centreGram(device, ofColumns, rows, gram);
    assertThat(device.readDoubles(gram)).isEqualTo(EstimateOracles.gram(masks));
  }

  private DeviceArray counts(DeviceArray words, int size) {
    DeviceArray counts = scope.array("counts", I32, size, size);
    GramKernels.counts(device, words, counts);
    return counts;
  }

  private double[] doubles(DeviceArray counts) {
    return Arrays.stream(device.readInts(counts)).asDoubleStream().toArray();
  }

  @ParameterizedTest
  @CsvSource({
    "1,1,1",
    "31,33,5",
    "32,64,127",
    "33,31,129",
    "65,257,3",
    "100,63,1",
    "129,40,68",
    "0,5,3",
    "4,5,0"
  })
  void shouldMultiplyMasksAsTheReference(int rows, int columns, int k) {
    MaskMatrix masks = masks(rows, columns);
    DeviceArray words = copy(masks);
    DeviceArray turned = copy(transposed(masks));
    double[] b = random(columns * k, 1);
    double[] expected = REFERENCE.times(masks, b, k);
    DeviceArray out = scope.array("out", F64, rows, k);
    ProductKernels.times(device, turned, scope.copy("b", b, columns, k), out);
    assertThat(device.readDoubles(out)).containsExactly(expected, within(1e-15 * (columns + 1)));

    DeviceArray singles = scope.array("out", F32, rows, k);
    ProductKernels.times(device, turned, scope.copy("b", floats(b), columns, k), singles);
    float[] found = device.readFloats(singles);
    for (int i = 0; i < found.length; i++) {
      assertThat((double) found[i]).isEqualTo(expected[i], within(1e-7 * (columns + 1)));
    }

    double[] c = random(rows * k, 2);
    DeviceArray transpose = scope.array("out", F64, columns, k);
    ProductKernels.times(device, words, scope.copy("c", c, rows, k), transpose);
    assertThat(device.readDoubles(transpose))
        .containsExactly(REFERENCE.transposeTimes(masks, c, k), within(1e-15 * (rows + 1)));
  }

  @ParameterizedTest
  @CsvSource({"0,2", "1,1", "2,0", "31,3", "32,64", "33,65", "63,1", "64,129", "97,31", "161,5"})
  void shouldSolveAsTheReference(int n, int sides) {
    double[] a = positiveDefinite(n);
    double[] b = random(n * sides, 4);
    DeviceArray matrix = scope.copy("a", a, n, n);
    DeviceArray right = scope.copy("b", b, n, sides);
    assertThat(CholeskyKernels.factor(device, matrix)).isZero();
    CholeskyKernels.solve(device, matrix, right);
    assertThat(REFERENCE.solvePositiveDefinite(a, n, b, sides)).isTrue();
    assertThat(device.readDoubles(right)).containsExactly(b, within(1e-13 * (n + 1)));
  }

  /** From the first row that is not 0 on: the same bits. */
  @ParameterizedTest
  @CsvSource({"1,1,0", "70,3,31", "70,3,32", "97,65,69", "33,2,33"})
  void shouldSolveByTheFactorAlone(int n, int sides, int zeros) {
    double[] b = random(n * sides, 4);
    Arrays.fill(b, 0, zeros * sides, 0);
    DeviceArray factor = scope.copy("a", positiveDefinite(n), n, n);
    assertThat(CholeskyKernels.factor(device, factor)).isZero();
    DeviceArray right = scope.copy("b", b, n, sides);
    CholeskyKernels.solveForward(device, factor, right, zeros);
    double[] solved = device.readDoubles(right);
    double[] l = device.readDoubles(factor);
    for (int i = 0; i < n; i++) {
      for (int j = 0; j < sides; j++) {
        double sum = 0;
        for (int k = 0; k <= i; k++) {
          sum += l[i * n + k] * solved[k * sides + j];
        }
        assertThat(sum).isEqualTo(b[i * sides + j], within(1e-14 * (n + 1)));
      }
    }
    DeviceArray all = scope.copy("b", b, n, sides);
    CholeskyKernels.solveForward(device, factor, all, 0);
    assertThat(device.readDoubles(all)).isEqualTo(solved);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 31, 32, 70})
  void shouldSeeWhereAMatrixStopsBeingPositiveDefinite(int at) {
    int n = 71;
    for (double bad : new double[] {-1, 0, Double.NaN, Double.POSITIVE_INFINITY}) {
      double[] a = positiveDefinite(n);
      a[at * n + at] = bad;
      DeviceArray matrix = scope.copy("a", a, n, n);
      assertThat(CholeskyKernels.factor(device, matrix)).as("%s", bad).isEqualTo(at + 1);
    }
  }

  /** A A' + I for random A: eigenvalues from 1. */
  private static double[] positiveDefinite(int n) {
    double[] root = random(n * n, n);
    double[] a = new double[n * n];
    REFERENCE.multiply(false, true, n, n, n, 1.0 / Math.max(1, n), root, root, 0, a);
    for (int i = 0; i < n; i++) {
      a[i * n + i] += 1;
    }
    return a;
  }
}
