package io.ablate.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.ablate.estimate.EstimateOracles;
import io.ablate.linalg.EjmlLinearAlgebra;
import io.ablate.mask.MaskMatrix;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Whole regressions on the device against the same steps of the reference. */
class DeviceRegressionTest extends KernelContract {
  private static final EjmlLinearAlgebra REFERENCE = new EjmlLinearAlgebra();

  private DeviceRegression regression(MaskMatrix masks, boolean byRows) {
    return regression(device, masks, byRows);
  }

  private static DeviceRegression regression(Device device, MaskMatrix masks, boolean byRows) {
    double[] ones = new double[masks.rows()];
    Arrays.fill(ones, 1);
    double[] counts = REFERENCE.transposeTimes(masks, ones, 1);
    return new DeviceRegression(new SharedDevice(device), masks, counts, byRows);
  }

  private static double[][] outputs(int rows, int examples) {
    double[][] outputs = new double[examples][];
    for (int e = 0; e < examples; e++) {
      outputs[e] = Arrays.stream(random(rows, 40 + e)).map(v -> 100 + v).toArray();
    }
    return outputs;
  }

  @ParameterizedTest
  @CsvSource({"90,40,3,false", "70,33,1,false", "33,65,2,true", "20,257,33,true", "5,1,1,false"})
  void shouldSolveTheNormalEquations(int rows, int columns, int examples, boolean byRows) {
    MaskMatrix masks = masks(rows, columns);
    double[][] outputs = outputs(rows, examples);
    double[][] expected = new double[examples][];
    for (int e = 0; e < examples; e++) {
      expected[e] = solve(masks, outputs[e], byRows);
    }
    try (DeviceRegression regression = regression(masks, byRows)) {
      for (boolean refine : new boolean[] {false, true}) {
        double[][] found = regression.solve(outputs, refine);
        for (int e = 0; e < examples; e++) {
          assertThat(found[e]).containsExactly(expected[e], within(1e-11));
          assertThat(regression.solve(new double[][] {outputs[e]}, refine)[0]).isEqualTo(found[e]);
        }
      }
      assertThat(regression.solve(new double[][] {new double[rows]}, true)[0]).containsOnly(0);
    }
  }

  private static double[] matrix(MaskMatrix masks, boolean byRows) {
    if (!byRows) {
      return EstimateOracles.gram(masks);
    }
    int m = masks.rows();
    double[] kernel = EstimateOracles.kernel(masks);
    double trace = 0;
    for (int i = 0; i < m; i++) {
      trace += kernel[i * m + i];
    }
    double constant = trace / m / m;
    return Arrays.stream(kernel).map(v -> v + constant).toArray();
  }

  private static double[] solve(MaskMatrix masks, double[] y, boolean byRows) {
    double mean = Arrays.stream(y).average().orElseThrow();
    double[] centred = Arrays.stream(y).map(v -> v - mean).toArray();
    double[] right = byRows ? centred : REFERENCE.transposeTimes(masks, centred, 1);
    int size = right.length;
    assertThat(REFERENCE.solvePositiveDefinite(matrix(masks, byRows), size, right, 1)).isTrue();
    return byRows ? REFERENCE.transposeTimes(masks, right, 1) : right;
  }

  @ParameterizedTest
  @CsvSource({"50,31,false", "31,50,true"})
  void shouldEstimateTheCondition(int rows, int columns, boolean byRows) {
    MaskMatrix masks = masks(rows, columns);
    int size = byRows ? rows : columns;
    double[] probes = random(size * 2, 3);
    double[] a = matrix(masks, byRows);
    double norm = 0;
    for (int i = 0; i < size; i++) {
      norm = Math.max(norm, Arrays.stream(a, i * size, (i + 1) * size).map(Math::abs).sum());
    }
    double[] stretched = probes.clone();
    assertThat(REFERENCE.solvePositiveDefinite(a, size, stretched, 2)).isTrue();
    double[] squares = new double[2];
    for (int i = 0; i < stretched.length; i++) {
      squares[i % 2] += stretched[i] * stretched[i];
    }
    double expected = norm * Math.sqrt(Math.max(squares[0], squares[1]));
    try (DeviceRegression regression = regression(masks, byRows)) {
      assertThat(regression.condition(probes, 2)).isCloseTo(expected, within(1e-9 * expected));
    }
  }

  @Test
  void shouldSeeAColumnThatNeverChanges() {
    MaskMatrix masks = masks(40, 9);
    for (int row = 0; row < 40; row++) {
      masks.set(row, 4, true);
    }
    try (DeviceRegression regression = regression(masks, false)) {
      assertThat(regression.condition(random(9, 1), 1)).isInfinite();
    }
  }

  @Test
  void shouldTakeAsManyOutputsAtOnceAsMemoryHolds() {
    MaskMatrix masks = masks(70, 20);
    double[][] outputs = outputs(70, 5);
    try (DeviceRegression regression = regression(masks, false)) {
      double[][] together = regression.solve(outputs, false);
      try (Device small = EmulatedDriver.open(8192); // that is two at a time
          DeviceRegression inTurn = regression(small, masks, false)) {
        assertThat(inTurn.solve(outputs, false)).isDeepEqualTo(together);
      }
    }
  }
}
