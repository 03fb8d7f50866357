package io.ablate.mask;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.ablate.base.UsageException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class MaskDesignsTest {
  @Test
  void shouldAnswerKnownVectorsOfPhilox() {
    // The three vectors that the authors of the generator publish for ten rounds.
    assertThat(philox(0, 0, 0, 0, 0, 0))
        .containsExactly(0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8);
    assertThat(philox(-1, -1, -1, -1, -1, -1))
        .containsExactly(0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd);
    assertThat(philox(0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344, 0xa4093822, 0x299f31d0))
        .containsExactly(0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1);
  }

  @Test
  void shouldKeepWhereTheDrawIsBelowTheThreshold() {
    // Row 0 of seed 0: the first four draws are those of the all-zero counter, as fractions
    // .399, .880, .736, .606.
    MaskMatrix half = MaskMatrix.of(new BernoulliMasks(0, 0.5, 4), 0, 1);
    MaskMatrix most = MaskMatrix.of(new BernoulliMasks(0, 0.75, 4), 0, 1);
    assertThat(half.words()).containsExactly(0b0001);
    assertThat(most.words()).containsExactly(0b1101);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 63, 64, 255, 256, 257, 1000})
  void shouldDrawEveryEntryAsTheGeneratorOneCounterAtATimeDoes(int columns) {
    long seed = 0xFEDCBA9876543210L;
    long threshold = Math.round(0.9 * 0x1p32);
    for (long row : new long[] {0, 0x80000000L, 0xFFFFFFFFL, Long.MAX_VALUE}) {
      MaskMatrix masks = MaskMatrix.of(new BernoulliMasks(seed, 0.9, columns), row, 1);
      for (int j = 0; j < columns; j++) {
        int[] draws =
            philox(j / 4, 0, (int) row, (int) (row >>> 32), (int) seed, (int) (seed >>> 32));
        boolean keep = Integer.toUnsignedLong(draws[j % 4]) < threshold;
        assertThat(masks.get(0, j)).as("row %d, column %d", row, j).isEqualTo(keep);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 3, 63, 64, 65, 127, 672})
  void shouldMakeRowsIndependentOfTheNumberOfRowsAndNeighbours(int columns) {
    BernoulliMasks design = new BernoulliMasks(42, 0.9, columns);
    MaskMatrix all = MaskMatrix.of(design, 0, 1500);
    assertThat(MaskMatrix.of(design, 0, 100)).isEqualTo(all.rows(0, 100));
    assertThat(MaskMatrix.of(design, 97, 31)).isEqualTo(all.rows(97, 128));
    // A wider model extends a row, it does not change its beginning.
    MaskMatrix wider = MaskMatrix.of(new BernoulliMasks(42, 0.9, columns + 5), 7, 1);
    for (int j = 0; j < columns; j++) {
      assertThat(wider.get(0, j)).isEqualTo(all.get(7, j));
    }
  }

  @Test
  void shouldLeaveBitsBeyondTheLastColumnZero() {
    MaskMatrix masks = MaskMatrix.of(new BernoulliMasks(1, 0.999, 65), 0, 50);
    for (int row = 0; row < 50; row++) {
      assertThat(masks.words()[row * 2 + 1] & ~1L).isZero();
    }
  }

  @ParameterizedTest
  @ValueSource(doubles = {0.05, 0.5, 0.9, 0.95})
  void shouldKeepTheAskedShareWithoutCorrelation(double keep) {
    int rows = 400;
    int columns = 1009;
    MaskMatrix masks = MaskMatrix.of(new BernoulliMasks(20261122, keep, columns), 5, rows);
    double variance = keep * (1 - keep);
    long kept = 0;
    double neighbours = 0;
    double successive = 0;
    for (int i = 0; i < rows; i++) {
      kept += masks.kept(i);
      for (int j = 0; j < columns; j++) {
        double here = masks.get(i, j) ? 1 - keep : -keep;
        if (j > 0) {
          neighbours += here * (masks.get(i, j - 1) ? 1 - keep : -keep);
        }
        if (i > 0) {
          successive += here * (masks.get(i - 1, j) ? 1 - keep : -keep);
        }
      }
    }
    double entries = (double) rows * columns;
    // Five standard deviations of each statistic under independence.
    assertThat(kept / entries).isCloseTo(keep, within(5 * Math.sqrt(variance / entries)));
    assertThat(neighbours / entries / variance).isCloseTo(0, within(5 / Math.sqrt(entries)));
    assertThat(successive / entries / variance).isCloseTo(0, within(5 / Math.sqrt(entries)));
  }

  @Test
  void shouldDifferBetweenSeedsInBothHalves() {
    MaskMatrix a = MaskMatrix.of(new BernoulliMasks(1, 0.5, 256), 0, 1);
    MaskMatrix b = MaskMatrix.of(new BernoulliMasks(1L << 32, 0.5, 256), 0, 1);
    MaskMatrix c = MaskMatrix.of(new BernoulliMasks(1, 0.5, 256), 1L << 32, 1);
    assertThat(a).isNotEqualTo(b).isNotEqualTo(c);
    assertThat(b).isNotEqualTo(c);
  }

  @ParameterizedTest
  @ValueSource(doubles = {0, 1, -0.1, 1.5, Double.NaN, Double.POSITIVE_INFINITY})
  void shouldRefuseKeepOutsideTheOpenInterval(double keep) {
    assertThatThrownBy(() -> new BernoulliMasks(0, keep, 5))
        .isInstanceOf(UsageException.class)
        .hasMessageContaining("--keep")
        .hasMessageContaining("strictly between 0 and 1")
        .hasMessageContaining(String.valueOf(keep));
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 64, 67})
  void shouldLeaveOutOneComponentPerRow(int columns) {
    MaskMatrix masks = MaskMatrix.of(new LeaveOneOutMasks(columns), 0, columns + 1);
    for (int row = 0; row < columns; row++) {
      assertThat(masks.kept(row)).isEqualTo(columns - 1);
      assertThat(masks.get(row, row)).isFalse();
    }
    assertThat(masks.kept(columns)).isEqualTo(columns);
  }

  private static int[] philox(int c0, int c1, int c2, int c3, int k0, int k1) {
    int[] out = new int[4];
    Philox.block(c0, c1, c2, c3, k0, k1, out);
    return out;
  }
}
