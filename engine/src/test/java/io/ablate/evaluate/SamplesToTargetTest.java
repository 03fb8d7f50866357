package io.ablate.evaluate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.ablate.base.UsageException;
import org.junit.jupiter.api.Test;

class SamplesToTargetTest {
  private static final double[] PASSES = {100, 200, 400, 800};

  @Test
  void shouldInterpolateInTheLogarithmOfPasses() {
    double[] scores = {.1, .2, .3, .4};
    assertThat(SamplesToTarget.reach(PASSES, scores, .25))
        .isCloseTo(200 * Math.sqrt(2), within(1e-9));
    assertThat(SamplesToTarget.reach(PASSES, scores, .2)).isCloseTo(200, within(1e-9));
    assertThat(SamplesToTarget.hold(PASSES, scores, .25))
        .isCloseTo(200 * Math.sqrt(2), within(1e-9));
  }

  @Test
  void shouldTellFirstFromLastCrossing() {
    double[] scores = {.1, .4, .2, .4}; // least squares near m = n
    assertThat(SamplesToTarget.reach(PASSES, scores, .3)).isBetween(100.0, 200.0);
    assertThat(SamplesToTarget.hold(PASSES, scores, .3)).isBetween(400.0, 800.0);
  }

  @Test
  void shouldSayNeverAndFromTheStart() {
    double[] scores = {.1, .4, .4, .2};
    assertThat(SamplesToTarget.reach(PASSES, scores, .5)).isInfinite();
    assertThat(SamplesToTarget.hold(PASSES, scores, .3)).isInfinite();
    assertThat(SamplesToTarget.reach(PASSES, scores, .05)).isEqualTo(100);
    assertThat(SamplesToTarget.hold(PASSES, scores, .05)).isEqualTo(100);
  }

  @Test
  void shouldGiveTheReductionOnlyWhereBothReach() {
    assertThat(SamplesToTarget.reduction(100, 400)).isEqualTo(.75);
    assertThat(SamplesToTarget.reduction(Double.POSITIVE_INFINITY, 400)).isNaN();
    assertThat(SamplesToTarget.reduction(100, Double.POSITIVE_INFINITY)).isNaN();
  }

  @Test
  void shouldSpaceGridsByAtMostRootTwo() {
    assertThat(SampleGrid.between(50, 800))
        .containsExactly(50, 71, 100, 141, 200, 283, 400, 566, 800);
    assertThat(SampleGrid.between(64, 64)).containsExactly(64);
    assertThat(SampleGrid.refine(new int[] {100, 120, 300}))
        .containsExactly(100, 120, 163, 221, 300);
    int[] grid = SampleGrid.between(2, 1499);
    for (int i = 1; i < grid.length; i++) {
      assertThat(grid[i]).isGreaterThan(grid[i - 1]);
      assertThat(grid[i] - .5).isLessThanOrEqualTo((grid[i - 1] + .5) * Math.sqrt(2));
    }
  }

  @Test
  void shouldRefuseSizesThatAreNotAscending() {
    assertThatThrownBy(() -> SampleGrid.refine(new int[] {100, 100}))
        .isInstanceOf(UsageException.class)
        .hasMessageContaining("[100, 100]");
    assertThatThrownBy(() -> SampleGrid.refine(new int[0])).isInstanceOf(UsageException.class);
    assertThatThrownBy(() -> SampleGrid.refine(new int[] {1, 5}))
        .isInstanceOf(UsageException.class);
  }
}
