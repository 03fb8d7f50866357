package io.ablate.cuda;

import static io.ablate.cuda.ElementType.F64;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.ablate.mask.MaskMatrix;
import java.util.Arrays;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Ridge's kernels against loops. */
class RidgeKernelsTest extends KernelContract {
  @ParameterizedTest
  @CsvSource({"1,1,0", "5,33,3", "33,5,28", "70,64,6", "3,0,2"})
  void shouldFormRightSides(int size, int columns, int first) {
    DeviceArray out = scope.array("out", F64, size, columns);
    RidgeKernels.unitColumns(device, first, out);
    double[] units = device.readDoubles(out);
    MaskMatrix masks = masks(first + columns + 2, size);
    double[] means = random(size, 4);
    RidgeKernels.centredMasks(
        device,
        copy(transposed(masks)),
        scope.copy("means", means, size),
        masks.rows(),
        first,
        out);
    double[] centred = device.readDoubles(out);
    for (int i = 0; i < size; i++) {
      for (int j = 0; j < columns; j++) {
        assertThat(units[i * columns + j]).isEqualTo(i == first + j ? 1 : 0);
        double kept = masks.get(first + j, i) ? 1 : 0;
        assertThat(centred[i * columns + j]).isEqualTo(kept - means[i]);
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"1,1", "7,33", "40,32", "65,3", "0,4", "3,0"})
  void shouldSumSquares(int rows, int columns) {
    double[] b = random(rows * columns, 1);
    double[] rest = Arrays.stream(random(rows, 2)).map(v -> 2 + v).toArray();
    DeviceArray matrix = scope.copy("b", b, rows, columns);
    DeviceArray norms = scope.zeros("norms", F64, columns + 5);
    RidgeKernels.squaredNorms(device, matrix, 3, -2, norms, 4);
    DeviceArray errors = scope.array("errors", F64, columns);
    RidgeKernels.leaveOneOut(device, matrix, scope.copy("rest", rest, rows), 3, errors);
    double[] ofNorms = device.readDoubles(norms);
    double[] ofErrors = device.readDoubles(errors);
    for (int j = 0; j < columns; j++) {
      double square = 0;
      double error = 0;
      for (int i = 0; i < rows; i++) {
        double value = b[i * columns + j];
        square += value * value;
        error += 9 * value * value / (rest[i] * rest[i]);
      }
      assertThat(ofNorms[4 + j]).isEqualTo(3 * square - 2, within(1e-14 * (rows + 1)));
      assertThat(ofErrors[j]).isEqualTo(error, within(1e-13 * (rows + 1)));
    }
    assertThat(IntStream.of(0, 1, 2, 3, columns + 4).mapToDouble(i -> ofNorms[i]).toArray())
        .containsOnly(0);
  }

  @Test
  void shouldChooseColumnsAndShiftTheDiagonal() {
    double[] b = random(35 * 35, 1);
    int[] which = {34, 0, 7, 7};
    DeviceArray matrix = scope.copy("b", b, 35, 35);
    DeviceArray out = scope.array("out", F64, 35, 4);
    RidgeKernels.gatherColumns(device, matrix, scope.copy("which", which, 4), out);
    double[] chosen = device.readDoubles(out);
    RidgeKernels.addToDiagonal(device, matrix, 2.5);
    double[] shifted = device.readDoubles(matrix);
    for (int i = 0; i < 35; i++) {
      for (int j = 0; j < 35; j++) {
        assertThat(shifted[i * 35 + j]).isEqualTo(b[i * 35 + j] + (i == j ? 2.5 : 0));
      }
      for (int j = 0; j < which.length; j++) {
        assertThat(chosen[i * 4 + j]).isEqualTo(b[i * 35 + which[j]]);
      }
    }
  }
}
