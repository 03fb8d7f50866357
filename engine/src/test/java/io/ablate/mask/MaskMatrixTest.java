package io.ablate.mask;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class MaskMatrixTest {
  /** Columns of ones alone fill a byte of the sums after 255 rows. */
  @ParameterizedTest
  @CsvSource({"0,3", "1,1", "254,64", "255,65", "256,130", "600,63"})
  void shouldCountTheOnesOfEveryColumn(int rows, int columns) {
    MaskMatrix masks = MaskMatrix.of(new BernoulliMasks(3, .7, columns), 0, rows);
    for (int row = 0; row < rows; row++) {
      masks.set(row, columns / 2, true);
    }
    int[] expected = new int[columns];
    for (int row = 0; row < rows; row++) {
      for (int j = 0; j < columns; j++) {
        expected[j] += masks.get(row, j) ? 1 : 0;
      }
    }
    assertThat(masks.columnCounts()).isEqualTo(expected);
  }
}
