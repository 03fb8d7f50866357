package io.ablate.estimate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.ablate.base.BadInputException;
import io.ablate.mask.MaskMatrix;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class CentredOutputsTest {
  private static TrainingData data(int examples, int rows) {
    double[][] outputs = new double[examples][];
    SplittableRandom random = new SplittableRandom(1);
    Arrays.setAll(outputs, e -> random.doubles(rows, -1, 1).toArray());
    return new TrainingData(new MaskMatrix(rows, 2), outputs, new int[2]);
  }

  /** More rows than are written together. */
  @Test
  void shouldTakeMeansOff() {
    TrainingData data = data(3, 130);
    Arrays.fill(data.outputs()[1], .1);
    CentredOutputs centred = CentredOutputs.of(data);
    for (int e = 0; e < 3; e++) {
      double[] y = data.outputs()[e];
      double mean = e == 1 ? .1 : Arrays.stream(y).reduce(0, Double::sum) / 130;
      assertThat(centred.means()[e]).isEqualTo(mean);
      double[] expected = Arrays.stream(y).map(value -> value - mean).toArray();
      assertThat(centred.example(e)).isEqualTo(expected);
    }
  }

  @Test
  void shouldNameTheFirstOutputThatIsNoNumber() {
    for (double bad : new double[] {Double.NaN, Double.NEGATIVE_INFINITY}) {
      TrainingData data = data(9, 10);
      data.outputs()[7][0] = Double.NaN;
      data.outputs()[4][6] = bad;
      data.outputs()[4][8] = Double.POSITIVE_INFINITY;
      assertThatThrownBy(() -> CentredOutputs.means(data))
          .isInstanceOf(BadInputException.class)
          .hasMessage(
              "an output is not a finite number: example 4, row 6; found "
                  + bad
                  + "; collect that row again, or leave the example out");
    }
    assertThatThrownBy(() -> CentredOutputs.means(data(1, 1)))
        .hasMessage("too few samples to fit; expected at least 2, found 1");
  }
}
