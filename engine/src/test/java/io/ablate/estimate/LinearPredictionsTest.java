package io.ablate.estimate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.ablate.mask.BernoulliMasks;
import io.ablate.mask.MaskMatrix;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LinearPredictionsTest {
  private static MaskMatrix masks(int rows, int columns, double keep) {
    return MaskMatrix.of(new BernoulliMasks(5, keep, columns), 0, rows);
  }

  private static double[][] random(int models, int columns) {
    SplittableRandom random = new SplittableRandom(6);
    double[][] values = new double[models][];
    Arrays.setAll(values, e -> random.doubles(columns, -1, 1).toArray());
    return values;
  }

  @ParameterizedTest
  @CsvSource({"1,1,1,.5", "7,63,1,.9", "7,64,31,.1", "9,65,32,.9", "20,130,70,.5", "0,5,2,.5"})
  void shouldAddWhatIsKept(int rows, int columns, int models, double keep) {
    MaskMatrix masks = masks(rows, columns, keep);
    double[][] theta = random(models, columns);
    double[] intercepts = random(1, models)[0];
    double[][] found = LinearPredictions.of(masks, theta, intercepts);
    assertThat(found).hasDimensions(models, rows);
    for (int e = 0; e < models; e++) {
      for (int row = 0; row < rows; row++) {
        double sum = intercepts[e];
        for (int j = 0; j < columns; j++) {
          sum += masks.get(row, j) ? theta[e][j] : 0;
        }
        assertThat(found[e][row]).isEqualTo(sum, within(1e-15 * (columns + 1)));
      }
    }
  }

  @Test
  void shouldGiveAModelTheSameBitsInAnyCompany() {
    MaskMatrix masks = masks(30, 70, .8);
    double[][] theta = random(50, 70);
    double[][] together = LinearPredictions.of(masks, theta, new double[50]);
    for (int e : new int[] {0, 31, 32, 49}) {
      double[][] alone = LinearPredictions.of(masks, new double[][] {theta[e]}, new double[] {0});
      assertThat(alone[0]).isEqualTo(together[e]);
    }
  }

  /** Few and many components are kept, of which one alone has an effect. */
  @Test
  void shouldLeaveRowsTiedThatDifferWhereNothingHasAnEffect() {
    MaskMatrix masks = new MaskMatrix(40, 100);
    for (int row = 0; row < 40; row++) {
      for (int j = 0; j < 100; j++) {
        masks.set(row, j, j % 40 <= row);
      }
      masks.set(row, 50, row % 2 == 0);
    }
    double[] theta = new double[100];
    theta[50] = .1;
    double[] found = LinearPredictions.of(masks, new double[][] {theta}, new double[] {.3})[0];
    assertThat(Arrays.stream(found).distinct().count()).isEqualTo(2);
  }
}
