package io.ablate.mask;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.ablate.base.UsageException;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class GradientMasksTest {
  private static final int ROWS = 400;
  private static final int COLUMNS = 1009;

  @ParameterizedTest
  @CsvSource({".9, 0, .9", ".9, .1, .944444", ".9, .2, 1", ".9, .4, 1", ".5, .5, .5", ".05, 1, 0"})
  void shouldDrawTheAskedSharesWithoutCorrelation(double keep, double soft, double hardKeep) {
    GradientMasks masks = new GradientMasks(20261124, keep, soft, COLUMNS);
    double mean = soft / 2 + (1 - soft) * hardKeep;
    double variance = soft / 3 + (1 - soft) * hardKeep - mean * mean;
    long softCount = 0;
    long kept = 0;
    double softSum = 0;
    double neighbours = 0;
    double successive = 0;
    float[] last = new float[COLUMNS];
    for (int i = 0; i < ROWS; i++) {
      float[] row = row(masks, i);
      for (int j = 0; j < COLUMNS; j++) {
        assertThat(row[j]).isBetween(0f, 1f);
        boolean between = row[j] > 0 && row[j] < 1;
        softCount += between ? 1 : 0;
        softSum += between ? row[j] : 0;
        kept += row[j] == 1 ? 1 : 0;
        neighbours += j == 0 ? 0 : (row[j] - mean) * (row[j - 1] - mean);
        successive += i == 0 ? 0 : (row[j] - mean) * (last[j] - mean);
      }
      last = row;
    }
    double entries = (double) ROWS * COLUMNS;
    double hard = entries - softCount;
    // Five standard deviations of each statistic under independence.
    assertThat(softCount / entries)
        .isCloseTo(soft, within(5 * Math.sqrt(soft * (1 - soft) / entries)));
    if (hard > 0) {
      assertThat(kept / hard)
          .isCloseTo(hardKeep, within(1e-6 + 5 * Math.sqrt(hardKeep * (1 - hardKeep) / hard)));
    }
    if (softCount > 0) {
      assertThat(softSum / softCount).isCloseTo(.5, within(5 / Math.sqrt(12. * softCount)));
    }
    assertThat(neighbours / entries / variance).isCloseTo(0, within(5 / Math.sqrt(entries)));
    assertThat(successive / entries / variance).isCloseTo(0, within(5 / Math.sqrt(entries)));
  }

  @Test
  void shouldBeHardWithoutSoftEntries() {
    GradientMasks hard = new GradientMasks(3, .9, 0, COLUMNS);
    GradientMasks half = new GradientMasks(3, .9, .5, COLUMNS);
    for (int i = 0; i < 50; i++) {
      float[] row = row(hard, i);
      float[] other = row(half, i);
      for (int j = 0; j < COLUMNS; j++) {
        assertThat(row[j]).isIn(0f, 1f);
        // Softness replaces entries, and keeps more of the others.
        assertThat(other[j] >= row[j] || other[j] > 0 && other[j] < 1).isTrue();
      }
    }
  }

  @Test
  void shouldNotDependOnNeighbouringRowsOrFurtherColumns() {
    GradientMasks masks = new GradientMasks(42, .9, .3, 7);
    float[] later = row(masks, 1L << 33);
    assertThat(row(masks, 5)).isEqualTo(row(new GradientMasks(42, .9, .3, 7), 5));
    assertThat(row(masks, 1L << 33)).isEqualTo(later).isNotEqualTo(row(masks, 0));
    assertThat(row(new GradientMasks(42 + (1L << 32), .9, .3, 7), 5)).isNotEqualTo(row(masks, 5));
    assertThat(row(new GradientMasks(42, .9, .3, 12), 5)).startsWith(row(masks, 5));
  }

  @Test
  void shouldNotCorrelateWithBernoulliMasksOfTheSameSeed() {
    double keep = .5;
    BernoulliMasks other = new BernoulliMasks(7, keep, COLUMNS);
    MaskMatrix ordinary = MaskMatrix.of(other, 0, ROWS);
    GradientMasks masks = new GradientMasks(7, keep, 0, COLUMNS);
    double sum = 0;
    for (int i = 0; i < ROWS; i++) {
      float[] row = row(masks, i);
      for (int j = 0; j < COLUMNS; j++) {
        sum += (row[j] - keep) * (ordinary.get(i, j) ? 1 - keep : -keep);
      }
    }
    double entries = (double) ROWS * COLUMNS;
    assertThat(sum / entries / (keep * (1 - keep))).isCloseTo(0, within(5 / Math.sqrt(entries)));
  }

  @Test
  void shouldComeBackFromItsProvenance() {
    GradientMasks masks = new GradientMasks(-42, .9, .3, 33);
    GradientMasks again = Objects.requireNonNull(GradientMasks.of(masks.provenance(), 33));
    assertThat(row(again, 8)).isEqualTo(row(masks, 8));
    assertThat(GradientMasks.of(Map.of("generator", "another"), 33)).isNull();
    assertThat(GradientMasks.of(Map.of("generator", GradientMasks.GENERATOR), 33)).isNull();
  }

  /** Stores of the first version are still read: there softness leaves the other entries alone. */
  @Test
  void shouldKnowTheFirstVersion() {
    GradientMasks hard = new GradientMasks(3, .9, 0, COLUMNS);
    Map<String, Object> old =
        Map.of("generator", "philox4x32-10/gradient-v1", "keep", .9, "seed", 3, "soft", .5);
    GradientMasks first = Objects.requireNonNull(GradientMasks.of(old, COLUMNS));
    assertThat(first.provenance())
        .isEqualTo(
            Map.of("generator", "philox4x32-10/gradient-v1", "keep", .9, "seed", 3L, "soft", .5));
    for (int i = 0; i < 50; i++) {
      float[] row = row(hard, i);
      float[] other = row(first, i);
      for (int j = 0; j < COLUMNS; j++) {
        assertThat(other[j] == row[j] || other[j] > 0 && other[j] < 1).isTrue();
      }
    }
  }

  @ParameterizedTest
  @ValueSource(doubles = {-.1, 1.5, Double.NaN})
  void shouldRefuseASoftShareThatIsNone(double soft) {
    assertThatThrownBy(() -> new GradientMasks(0, .9, soft, 5))
        .isInstanceOf(UsageException.class)
        .hasMessageContaining("--soft")
        .hasMessageContaining("from 0 to 1")
        .hasMessageContaining(String.valueOf(soft));
    assertThatThrownBy(() -> new GradientMasks(0, 1, .5, 5))
        .isInstanceOf(UsageException.class)
        .hasMessageContaining("--keep");
  }

  private static float[] row(GradientMasks masks, long row) {
    float[] target = new float[masks.columns()];
    masks.row(row, target);
    return target;
  }
}
