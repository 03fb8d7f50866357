package io.ablate.cuda;

import static io.ablate.cuda.ElementType.F32;
import static io.ablate.cuda.ElementType.F64;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.ablate.instrument.OutputFunction;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Outputs, moments and standardised outputs are the engine's. */
class OutputKernelsTest extends KernelContract {
  private static final float[] UNUSUAL = {
    Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY, 0, -0f, 1, -2, 80, 1e30f
  };

  @ParameterizedTest
  @EnumSource
  void shouldComputeOutputsAsTheEngine(OutputFunction function) {
    int[][] shapes = {{1, 2}, {9, 10}, {33, 31}, {5, 32}, {8, 33}, {3, 1000}, {0, 5}};
    for (int[] shape : shapes) {
      double[] logits = random(shape[0] * shape[1], shape[1]);
      for (int i = 0; i < logits.length; i++) {
        logits[i] *= 20;
      }
      check(function, shape[0], shape[1], floats(logits));
    }
  }

  @ParameterizedTest
  @EnumSource
  void shouldTreatNanAndInfinityAsTheEngine(OutputFunction function) {
    SplittableRandom random = new SplittableRandom(5);
    for (int classes : new int[] {2, 3, 35}) {
      int rows = 300;
      float[] logits = new float[rows * classes];
      for (int i = 0; i < logits.length; i++) {
        logits[i] = random.nextInt(3) == 0 ? UNUSUAL[random.nextInt(UNUSUAL.length)] : i % 7;
      }
      check(function, rows, classes, logits);
    }
  }

  private void check(OutputFunction function, int rows, int classes, float[] logits) {
    int[] labels = new SplittableRandom(rows).ints(rows, 0, classes).toArray();
    DeviceArray out = scope.array("outputs", F32, rows);
    OutputKernels.outputs(
        device,
        function,
        scope.copy("logits", logits, rows, classes),
        scope.copy("labels", labels, rows),
        out);
    float[] found = device.readFloats(out);
    for (int row = 0; row < rows; row++) {
      double[] one = new double[classes];
      for (int c = 0; c < classes; c++) {
        one[c] = logits[row * classes + c];
      }
      float expected = (float) function.of(one, labels[row]);
      if (Float.isFinite(expected)) {
        assertThat(found[row]).isEqualTo(expected, within(1e-6f * (1 + Math.abs(expected))));
      } else {
        assertThat(found[row]).as("row %s", row).isEqualTo(Float.valueOf(expected));
      }
    }
  }

  @Test
  void shouldRefuseAMarginOfOneClass() {
    DeviceArray logits = scope.array("logits", F32, 3, 1);
    DeviceArray labels = scope.zeros("labels", ElementType.I32, 3);
    DeviceArray out = scope.array("outputs", F32, 3);
    assertThatThrownBy(
            () -> OutputKernels.outputs(device, OutputFunction.MARGIN, logits, labels, out))
        .hasMessage("margin of logits F32 [3, 1]");
  }

  @ParameterizedTest
  @CsvSource({"1,1", "2,31", "31,33", "64,32", "65,63", "257,5", "1000,3"})
  void shouldCentreAndStandardiseColumns(int rows, int columns) {
    double[] y = random(rows * columns, 3);
    int constant = columns / 2;
    for (int i = 0; i < y.length; i++) {
      // Far from 0 compared with the deviation; one column constant.
      y[i] = i % columns == constant ? .1f : (float) (1000 + y[i]);
    }
    DeviceArray values = scope.copy("y", floats(y), rows, columns);
    DeviceArray mean = scope.array("mean", F64, columns);
    DeviceArray deviation = scope.array("deviation", F64, columns);
    DeviceArray standardised = scope.array("standardised", F32, columns, rows);
    DeviceArray centred = scope.array("centred", F64, rows, columns);
    OutputKernels.moments(device, values, mean, deviation);
    OutputKernels.standardise(device, values, mean, deviation, standardised);
    OutputKernels.centre(device, values, mean, centred);
    double[] means = device.readDoubles(mean);
    double[] deviations = device.readDoubles(deviation);
    float[] scaled = device.readFloats(standardised);
    double[] moved = device.readDoubles(centred);
    for (int column = 0; column < columns; column++) {
      double sum = 0;
      for (int row = 0; row < rows; row++) {
        sum += y[row * columns + column];
      }
      double square = 0;
      for (int row = 0; row < rows; row++) {
        square += Math.pow(y[row * columns + column] - sum / rows, 2);
      }
      double spread = Math.sqrt(square / rows);
      assertThat(means[column]).isEqualTo(sum / rows, within(1e-15 * rows * 1000));
      assertThat(deviations[column]).isEqualTo(spread, within(1e-10));
      for (int row = 0; row < rows; row++) {
        double off = y[row * columns + column] - means[column];
        assertThat(moved[row * columns + column]).isEqualTo(off, within(1e-15));
        double expected = deviations[column] == 0 ? 0 : off / deviations[column];
        assertThat((double) scaled[column * rows + row])
            .isEqualTo(expected, within(1e-6 * (1 + Math.abs(expected))));
      }
    }
    assertThat(deviations[constant]).isZero();
    assertThat(scaled[constant * rows]).isZero();
  }
}
