package io.ablate.onednn;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import org.junit.jupiter.api.Test;

class MicroBatchesTest {
  @Test
  void shouldGiveEveryThreadItsShare() {
    assertThat(MicroBatches.sizes(64, 2)).containsExactly(32, 32);
    assertThat(MicroBatches.sizes(65, 2)).containsExactly(17, 16, 16, 16);
    assertThat(MicroBatches.sizes(7, 3)).containsExactly(3, 2, 2);
    assertThat(MicroBatches.sizes(3, 8)).containsExactly(3);
    assertThat(MicroBatches.sizes(1, 8)).containsExactly(1);
  }

  @Test
  void shouldCoverEveryRowInPartsOfTwoSizesAtMost() {
    for (int rows = 1; rows < 300; rows++) {
      for (int threads = 1; threads < 10; threads++) {
        int[] sizes = MicroBatches.sizes(rows, threads);
        assertThat(Arrays.stream(sizes).sum()).isEqualTo(rows);
        assertThat(Arrays.stream(sizes).distinct().count()).isLessThanOrEqualTo(2);
        assertThat(Arrays.stream(sizes).min().getAsInt()).isGreaterThanOrEqualTo(Math.min(2, rows));
        assertThat(Arrays.stream(sizes).max().getAsInt())
            .isLessThanOrEqualTo(MicroBatches.MOST_ROWS);
      }
    }
  }
}
