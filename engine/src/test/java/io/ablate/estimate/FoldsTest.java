package io.ablate.estimate;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class FoldsTest {
  @ParameterizedTest
  @CsvSource({"101,10", "10,10", "2,2", "7,3", "0,10"})
  void shouldDealEveryRowToOneOfFoldsOfEqualSize(int rows, int count) {
    Folds folds = Folds.of(rows, count, 3);
    int[] sorted = folds.order().clone();
    Arrays.sort(sorted);
    for (int row = 0; row < rows; row++) {
      assertThat(sorted[row]).isEqualTo(row);
    }
    for (int f = 0; f < count; f++) {
      assertThat(folds.size(f)).isBetween(rows / count, (rows + count - 1) / count);
    }
    assertThat(folds.start()[count]).isEqualTo(rows);
  }

  @Test
  void shouldKeepTheFoldOfARowWhenMoreRowsCome() {
    int[] few = foldOfRow(Folds.of(60, 10, 3));
    int[] many = foldOfRow(Folds.of(1000, 10, 3));
    assertThat(Arrays.copyOf(many, 60)).isEqualTo(few);
    assertThat(foldOfRow(Folds.of(60, 10, 4))).isNotEqualTo(few);
  }

  private static int[] foldOfRow(Folds folds) {
    int[] fold = new int[folds.rows()];
    for (int f = 0; f < folds.count(); f++) {
      for (int rank = folds.start()[f]; rank < folds.start()[f + 1]; rank++) {
        fold[folds.order()[rank]] = f;
      }
    }
    return fold;
  }
}
