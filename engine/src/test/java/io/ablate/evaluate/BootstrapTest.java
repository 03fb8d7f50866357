package io.ablate.evaluate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.ablate.base.RandomStreams;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class BootstrapTest {
  @ParameterizedTest
  @CsvSource({"5,5", "5,1000000000", "1000000000,5", "1000000000,1000000000"})
  void shouldRankEveryResampleExactly(int predictions, int outputs) {
    int masks = 37;
    double[][] truth = random(1, masks, outputs, 1);
    double[][] predicted = random(1, masks, predictions, 2);
    assertThat(Ordered.of(truth[0]).distinct()).isEqualTo(outputs > 5);
    assertThat(Ordered.of(predicted[0]).distinct()).isEqualTo(predictions > 5);
    double[] means = new Bootstrap(1, masks, 20, 3).means(predicted, truth);
    for (int draw = 0; draw < 20; draw++) {
      // The same stream, resampled literally and ranked by sorting.
      SplittableRandom random = RandomStreams.stream(3, draw);
      random.nextInt(1);
      double[] p = new double[masks];
      double[] t = new double[masks];
      for (int i = 0; i < masks; i++) {
        int drawn = random.nextInt(masks);
        p[i] = predicted[0][drawn];
        t[i] = truth[0][drawn];
      }
      assertThat(means[draw]).isCloseTo(Lds.spearman(p, t), within(1e-12));
    }
  }

  @Test
  void shouldCoverTheSpreadBetweenExamples() {
    // Half of the examples are predicted perfectly, half perfectly wrong: draws vary by examples.
    int examples = 16;
    double[][] truth = random(examples, 101, 100_000, 1);
    double[][] predicted = new double[examples][];
    for (int e = 0; e < examples; e++) {
      int sign = e % 2 == 0 ? 1 : -1;
      predicted[e] = Arrays.stream(truth[e]).map(v -> sign * v).toArray();
    }
    double[] interval =
        Bootstrap.interval(new Bootstrap(examples, 101, 1000, 1).means(predicted, truth));
    // Mean of 16 signs: standard deviation 1/4.
    assertThat(interval[0]).isBetween(-.65, -.35);
    assertThat(interval[1]).isBetween(.35, .65);
  }

  @Test
  void shouldDrawIndependently() {
    double[][] truth = random(4, 101, 100_000, 1);
    double[] means = new Bootstrap(4, 101, 1000, 1).means(random(4, 101, 100_000, 2), truth);
    double mean = Arrays.stream(means).average().orElseThrow();
    for (int lag = 1; lag <= 3; lag++) {
      double product = 0;
      double square = 0;
      for (int i = lag; i < means.length; i++) {
        product += (means[i] - mean) * (means[i - lag] - mean);
        square += (means[i] - mean) * (means[i] - mean);
      }
      assertThat(product / square).as("autocorrelation at lag %d", lag).isBetween(-.12, .12);
    }
  }

  @Test
  void shouldScoreZeroWhatHasNoRanks() {
    double[][] truth = random(2, 11, 100, 1);
    double[][] predicted = new double[2][11];
    predicted[1][4] = Double.NaN;
    assertThat(new Bootstrap(2, 11, 10, 1).means(predicted, truth)).containsOnly(0);
  }

  @Test
  void shouldTakePercentilesBesideInfinities() {
    double[] draws = new double[101];
    Arrays.setAll(draws, i -> i < 90 ? 100 - i : Double.POSITIVE_INFINITY);
    assertThat(Bootstrap.interval(draws)).containsExactly(13.5, Double.POSITIVE_INFINITY);
  }

  private static double[][] random(int examples, int masks, int distinct, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    double[][] values = new double[examples][masks];
    for (double[] row : values) {
      Arrays.setAll(row, i -> random.nextInt(distinct));
    }
    return values;
  }
}
