package io.ablate.dataset;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.ablate.base.UsageException;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class GradientSegmentsTest {
  @Test
  void shouldEndAtPowersOfTwoAndHalfWayBetween() {
    assertThat(GradientSegments.ends(0, 1)).containsExactly(1);
    assertThat(GradientSegments.ends(0, 5)).containsExactly(1, 2, 3, 4, 5);
    assertThat(GradientSegments.ends(0, 100))
        .containsExactly(1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 100);
    assertThat(GradientSegments.ends(5, 11)).containsExactly(6, 8, 12, 16);
    assertThat(IntStream.rangeClosed(0, 50).filter(GradientSegments::isEnd))
        .containsExactly(0, 1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48);
  }

  @Test
  void shouldGrowWithTheLogarithmOfThePasses() {
    int[] ends = GradientSegments.ends(0, GradientSegments.MOST_PASSES);
    assertThat(ends).hasSize(48).isSorted().endsWith(GradientSegments.MOST_PASSES);
  }

  @Test
  void shouldRefuseImpossibleNumbers() {
    for (int[] range : new int[][] {{0, 0}, {0, -1}, {-1, 5}, {1, GradientSegments.MOST_PASSES}}) {
      assertThatThrownBy(() -> GradientSegments.ends(range[0], range[1]))
          .isInstanceOf(UsageException.class)
          .hasMessageContaining("--gradients")
          .hasMessageContaining(range[1] + " from pass " + range[0]);
    }
  }
}
