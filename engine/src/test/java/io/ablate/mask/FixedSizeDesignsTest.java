package io.ablate.mask;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.ablate.base.UsageException;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The designs that fix how many components a row ablates, and what all drawn designs promise. */
class FixedSizeDesignsTest {
  static Stream<MaskDesign> drawn() {
    return MaskDesigns.NAMES.stream()
        .filter(name -> !name.equals("leave-one-out"))
        .flatMap(
            name ->
                IntStream.of(11, 63, 64, 65, 127, 672)
                    .mapToObj(columns -> MaskDesigns.named(name, 42, .9, columns)));
  }

  @ParameterizedTest
  @MethodSource("drawn")
  void shouldMakeRowsIndependentOfTheNumberOfRowsAndTheOrderOfAsking(MaskDesign design) {
    MaskMatrix all = MaskMatrix.of(design, 0, 400);
    assertThat(MaskMatrix.of(design, 0, 100)).isEqualTo(all.rows(0, 100));
    assertThat(MaskMatrix.of(design, 97, 31)).isEqualTo(all.rows(97, 128));
    MaskDesign same = again(design);
    assertThat(same.provenance()).isEqualTo(design.provenance());
    MaskMatrix backwards = new MaskMatrix(400, design.columns());
    for (int row = 399; row >= 0; row--) {
      same.row(row, backwards.words(), row * backwards.wordsPerRow());
    }
    assertThat(backwards).isEqualTo(all);
    int last = all.wordsPerRow() - 1;
    for (int row = 0; row < 400; row++) {
      long beyond = all.words()[row * all.wordsPerRow() + last] >>> 1 >>> (design.columns() - 1);
      assertThat(beyond).isZero();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"fixed-size", "block-balanced"})
  void shouldDifferBetweenSeedsAndDistantRowsInBothHalves(String name) {
    MaskMatrix a = MaskMatrix.of(MaskDesigns.named(name, 1, .5, 256), 0, 1);
    MaskMatrix b = MaskMatrix.of(MaskDesigns.named(name, 1L << 32, .5, 256), 0, 1);
    MaskMatrix c = MaskMatrix.of(MaskDesigns.named(name, 1, .5, 256), 1L << 34, 1);
    assertThat(a).isNotEqualTo(b).isNotEqualTo(c);
    assertThat(b).isNotEqualTo(c);
  }

  @Test
  void shouldDrawWhatAnotherProgramDraws() {
    // From an implementation of generator and shuffle in Python's unbounded integers.
    assertThat(ablated(new FixedSizeMasks(42, .7, 11), 5)).containsExactly(4, 8, 10);
    assertThat(ablated(new FixedSizeMasks((1L << 40) + 1, .7, 11), (1L << 33) + 7))
        .containsExactly(3, 9, 10);
    // Round 2 is the permutation 3 6 2 | 10 5 4 1 | 0 8 7 | 9.
    BlockBalancedMasks blocks = new BlockBalancedMasks(42, .7, 11);
    assertThat(ablated(blocks, 6)).containsExactly(2, 3, 6);
    assertThat(ablated(blocks, 7)).containsExactly(1, 4, 5, 10);
    assertThat(ablated(blocks, 8)).containsExactly(0, 7, 8);
  }

  @ParameterizedTest
  @CsvSource({"0.9, 672, 67", "0.9, 10, 1", "0.05, 64, 61", "0.95, 31, 2", "0.5, 2, 1"})
  void shouldAblateExactlyAsManyInEveryRow(double keep, int columns, int ablated) {
    MaskMatrix masks = MaskMatrix.of(new FixedSizeMasks(3, keep, columns), 0, 200);
    for (int row = 0; row < 200; row++) {
      assertThat(columns - masks.kept(row)).isEqualTo(ablated);
    }
  }

  @Test
  void shouldDrawSubsetsUniformly() {
    // All 10 pairs of 5 components; 5 standard deviations of a binomial count.
    int rows = 20_000;
    MaskMatrix masks = MaskMatrix.of(new FixedSizeMasks(7, .6, 5), 0, rows);
    int[] count = new int[32];
    for (int row = 0; row < rows; row++) {
      count[(int) masks.words()[row]]++;
    }
    for (int subset = 0; subset < 32; subset++) {
      double expected = Integer.bitCount(subset) == 3 ? rows / 10. : 0;
      assertThat((double) count[subset]).isCloseTo(expected, within(5 * Math.sqrt(.9 * expected)));
    }
  }

  @ParameterizedTest
  @CsvSource({
    "0.9, 672, 10",
    "0.9, 4800, 10",
    "0.95, 113, 20",
    "0.7, 11, 3",
    "0.4, 11, 1",
    "0.9, 10, 10"
  })
  void shouldDivideTheComponentsBetweenTheRowsOfARound(double keep, int columns, int rowsPerRound) {
    int rounds = 7;
    MaskMatrix masks =
        MaskMatrix.of(new BlockBalancedMasks(9, keep, columns), 0, rounds * rowsPerRound);
    double ablated = (1 - keep) * columns;
    for (int round = 0; round < rounds; round++) {
      int[] times = new int[columns];
      for (int b = 0; b < rowsPerRound; b++) {
        int row = round * rowsPerRound + b;
        assertThat((double) columns - masks.kept(row)).isCloseTo(ablated, within(1 - 1e-9));
        for (int j = 0; j < columns; j++) {
          times[j] += masks.get(row, j) ? 0 : 1;
        }
      }
      assertThat(IntStream.of(times).max().orElseThrow()).isEqualTo(1);
      assertThat((double) IntStream.of(times).sum())
          .isCloseTo(rowsPerRound * ablated, within(.5 + 1e-6));
    }
  }

  @Test
  void shouldPairComponentsOfDifferentRoundsAtRandom() {
    // Two components share a row of a round with probability (B − 1 of n − 1 places) 1/11 here.
    int rounds = 4000;
    MaskMatrix masks = MaskMatrix.of(new BlockBalancedMasks(5, .5, 12), 0, 2 * rounds);
    int together = 0;
    for (int row = 0; row < 2 * rounds; row++) {
      together += !masks.get(row, 0) && !masks.get(row, 7) ? 1 : 0;
    }
    double share = 5 / 11.;
    assertThat((double) together)
        .isCloseTo(rounds * share, within(5 * Math.sqrt(rounds * share * (1 - share))));
  }

  @Test
  void shouldServeManyThreadsAtOnce() {
    BlockBalancedMasks design = new BlockBalancedMasks(11, .9, 333);
    MaskMatrix expected = MaskMatrix.of(new BlockBalancedMasks(11, .9, 333), 0, 2000);
    MaskMatrix found = new MaskMatrix(2000, 333);
    IntStream.range(0, 2000)
        .parallel()
        // Neighbouring tasks ask for rows of distant rounds.
        .map(i -> i * 37 % 2000)
        .forEach(row -> design.row(row, found.words(), row * found.wordsPerRow()));
    assertThat(found).isEqualTo(expected);
  }

  @ParameterizedTest
  @CsvSource({"0.95, 13, 0.650", "0.9, 9, 0.900", "0.01, 13, 12.870", "0.5, 1, 0.500"})
  void shouldRefuseRowsThatAblateNothingOrAll(double keep, int columns, String found) {
    for (String name : List.of("fixed-size", "block-balanced")) {
      assertThatThrownBy(() -> MaskDesigns.named(name, 0, keep, columns))
          .isInstanceOf(UsageException.class)
          .hasMessageContaining("--keep")
          .hasMessageContaining("of ablated components")
          .hasMessageContaining("found " + found)
          .hasMessageContaining("--design bernoulli");
    }
  }

  @ParameterizedTest
  @ValueSource(doubles = {0, 1, Double.NaN})
  void shouldRefuseKeepOutsideTheOpenInterval(double keep) {
    for (String name : List.of("fixed-size", "block-balanced")) {
      assertThatThrownBy(() -> MaskDesigns.named(name, 0, keep, 50))
          .isInstanceOf(UsageException.class)
          .hasMessageContaining("strictly between 0 and 1");
    }
  }

  private static MaskDesign again(MaskDesign design) {
    return MaskDesigns.named(
        String.valueOf(design.provenance().get("design")), 42, .9, design.columns());
  }

  private static int[] ablated(MaskDesign design, long row) {
    MaskMatrix one = MaskMatrix.of(design, row, 1);
    return IntStream.range(0, design.columns()).filter(j -> !one.get(0, j)).toArray();
  }
}
