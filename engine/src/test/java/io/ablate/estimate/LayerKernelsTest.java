package io.ablate.estimate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.SplittableRandom;
import org.ejml.data.DMatrixRMaj;
import org.ejml.dense.row.CommonOps_DDRM;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The likelihood of layered kernels against the formulas, written with whole matrices. */
class LayerKernelsTest {
  @ParameterizedTest
  @CsvSource({"1,1,1,0", "7,3,2,3", "13,4,1,5", "21,5,3,2", "34,9,2,6"})
  void shouldEqualTheFormulas(int rows, int layers, int outputs, int directions) {
    SplittableRandom random = new SplittableRandom(rows);
    double[] variance = random.doubles(layers, .2, 2).toArray();
    double[] noise = {.4, .7};
    int half = rows / 2;
    DMatrixRMaj covariance = new DMatrixRMaj(rows, rows);
    List<DMatrixRMaj> derivatives = new ArrayList<>();
    for (int g = 0; g < layers + 2; g++) {
      DMatrixRMaj by = g < layers ? kernel(random, rows) : noiseOf(g == layers, half, rows);
      CommonOps_DDRM.addEquals(covariance, g < layers ? variance[g] : noise[g - layers], by);
      derivatives.add(by);
    }
    DMatrixRMaj inverse = new DMatrixRMaj(rows, rows);
    CommonOps_DDRM.invert(covariance, inverse);
    double[][] residuals = drawn(random, outputs, rows);
    double[][] means = drawn(random, directions, rows);

    LayerKernels model =
        new LayerKernels(
            rows, derivatives.stream().limit(layers).map(k -> k.data).toArray(double[][]::new));
    LayerKernels.Noise groups = new LayerKernels.Noise(noise, half, rows);
    LayerKernels.Likelihood found = model.evaluate(variance, groups, residuals, means);

    double value = -.5 * outputs * Math.log(CommonOps_DDRM.det(covariance));
    for (double[] r : residuals) {
      value -= .5 * form(r, inverse, r);
    }
    assertThat(found.value()).isCloseTo(value, within(1e-9 * rows));
    LayerKernels.Information information = Objects.requireNonNull(found.information());
    int count = layers + 2;
    int informing = Math.min(2, outputs);
    for (int i = 0; i < count; i++) {
      DMatrixRMaj by = times(times(inverse, derivatives.get(i)), inverse);
      double slope = -.5 * outputs * CommonOps_DDRM.trace(times(inverse, derivatives.get(i)));
      for (double[] r : residuals) {
        slope += .5 * form(r, by, r);
      }
      assertThat(i < layers ? found.byVariance()[i] : found.byNoise()[i - layers])
          .isCloseTo(slope, within(1e-8 * rows));
      for (int j = 0; j < count; j++) {
        DMatrixRMaj both = times(times(by, derivatives.get(j)), inverse);
        double expected = 0;
        for (int k = 0; k < informing; k++) {
          expected += .5 * outputs / informing * form(residuals[k], both, residuals[k]);
        }
        assertThat(information.ofVariances()[i * count + j])
            .isCloseTo(expected, within(1e-8 * rows));
      }
    }
    for (int i = 0; i < directions; i++) {
      for (int j = 0; j < directions; j++) {
        assertThat(information.ofMeans()[i * directions + j])
            .isCloseTo(outputs * form(means[i], inverse, means[j]), within(1e-9 * rows));
      }
    }
    LayerKernels.Likelihood without = model.evaluate(variance, groups, residuals);
    assertThat(without.information()).isNull();
    assertThat(without.value()).isEqualTo(found.value());
  }

  private static DMatrixRMaj kernel(SplittableRandom random, int rows) {
    DMatrixRMaj root = new DMatrixRMaj(drawn(random, rows, rows));
    DMatrixRMaj kernel = new DMatrixRMaj(rows, rows);
    CommonOps_DDRM.multTransB(root, root, kernel);
    return kernel;
  }

  private static DMatrixRMaj noiseOf(boolean first, int half, int rows) {
    DMatrixRMaj diagonal = new DMatrixRMaj(rows, rows);
    for (int a = first ? 0 : half; a < (first ? half : rows); a++) {
      diagonal.set(a, a, 1);
    }
    return diagonal;
  }

  private static DMatrixRMaj times(DMatrixRMaj a, DMatrixRMaj b) {
    DMatrixRMaj product = new DMatrixRMaj(a.numRows, b.numCols);
    CommonOps_DDRM.mult(a, b, product);
    return product;
  }

  private static double form(double[] left, DMatrixRMaj matrix, double[] right) {
    double sum = 0;
    for (int a = 0; a < left.length; a++) {
      for (int b = 0; b < right.length; b++) {
        sum += left[a] * matrix.get(a, b) * right[b];
      }
    }
    return sum;
  }

  private static double[][] drawn(SplittableRandom random, int rows, int columns) {
    double[][] drawn = new double[rows][columns];
    for (double[] row : drawn) {
      for (int i = 0; i < columns; i++) {
        row[i] = random.nextGaussian();
      }
    }
    return drawn;
  }
}
