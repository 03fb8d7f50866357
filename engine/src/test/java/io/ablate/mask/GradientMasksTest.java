package io.ablate.mask;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.ablate.base.UsageException;
import java.util.Arrays;
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
    double distant = 0;
    int period = 2 * rowsPerRound(soft, hardKeep);
    for (int i = 0; i < ROWS; i++) {
      float[] row = row(masks, i);
      float[] other = row(masks, i + period);
      for (int j = 0; j < COLUMNS; j++) {
        assertThat(row[j]).isBetween(0f, 1f);
        boolean between = row[j] > 0 && row[j] < 1;
        softCount += between ? 1 : 0;
        softSum += between ? row[j] : 0;
        kept += row[j] == 1 ? 1 : 0;
        neighbours += j == 0 ? 0 : (row[j] - mean) * (row[j - 1] - mean);
        distant += (row[j] - mean) * (other[j] - mean);
      }
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
    assertThat(distant / entries / variance).isCloseTo(0, within(5 / Math.sqrt(entries)));
  }

  @Test
  void shouldBeHardWithoutSoftEntries() {
    GradientMasks hard = new GradientMasks(3, .9, 0, COLUMNS);
    for (int i = 0; i < 50; i++) {
      for (float entry : row(hard, i)) {
        assertThat(entry).isIn(0f, 1f);
      }
    }
  }

  /** The last two have one row in a round. */
  @ParameterizedTest
  @CsvSource({".9, 0, .9", ".9, .1, .944444", ".9, .2, 1", ".85, .3, 1", ".5, .5, .5", ".05, 1, 0"})
  void shouldTouchAnEntryOncePerRoundAndBalanceItsValues(
      double keep, double soft, double hardKeep) {
    GradientMasks masks = new GradientMasks(77, keep, soft, COLUMNS);
    int size = rowsPerRound(soft, hardKeep);
    double share = (1 - (1 - soft) * hardKeep) * size;
    for (long pair : new long[] {0, 1, 9, 1L << 33}) {
      float[][] touched = new float[2][COLUMNS];
      for (float[] round : touched) {
        Arrays.fill(round, 1);
      }
      for (int b = 0; b < 2 * size; b++) {
        float[] row = row(masks, 2 * size * pair + b);
        for (int j = 0; j < COLUMNS; j++) {
          if (row[j] < 1) {
            assertThat(touched[b / size][j]).isEqualTo(1);
            touched[b / size][j] = row[j];
          }
        }
      }
      int count = 0;
      int balanced = 0;
      for (int j = 0; j < COLUMNS; j++) {
        float even = touched[0][j];
        float odd = touched[1][j];
        count += even < 1 ? 1 : 0;
        if (even > 0 && even < 1 && odd > 0 && odd < 1) {
          assertThat(even + odd).isEqualTo(1);
          balanced++;
        }
      }
      assertThat(count)
          .isCloseTo(
              (int) Math.round(share * COLUMNS),
              within((int) (5 * Math.sqrt(share * Math.max(0, 1 - share) * COLUMNS)) + 1));
      assertThat(balanced > 0).isEqualTo(soft > 0);
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

  /** No version may change a bit of what stores hold: hashes of rows that each of them made. */
  @ParameterizedTest
  @CsvSource({
    "philox4x32-10/gradient-v1, 1479955628",
    "philox4x32-10/gradient-v2, 171332780",
    "philox4x32-10/gradient-v3, 1904318685"
  })
  void shouldMakeTheRowsOfEveryVersion(String generator, int hash) {
    Map<String, Object> old = Map.of("generator", generator, "keep", .7, "seed", -42, "soft", .3);
    GradientMasks masks = Objects.requireNonNull(GradientMasks.of(old, COLUMNS));
    assertThat(masks.provenance())
        .isEqualTo(Map.of("generator", generator, "keep", .7, "seed", -42L, "soft", .3));
    assertThat(Arrays.hashCode(row(masks, 3))).isEqualTo(hash);
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

  /** How many rows can make disjoint sets of entries soft or 0. */
  private static int rowsPerRound(double soft, double hardKeep) {
    return (int) (1 / (1 - (1 - soft) * hardKeep) + 1e-5);
  }

  private static float[] row(GradientMasks masks, long row) {
    float[] target = new float[masks.columns()];
    masks.row(row, target);
    return target;
  }
}
