package io.ablate.evaluate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.SplittableRandom;
import org.hipparchus.stat.correlation.PearsonsCorrelation;
import org.hipparchus.stat.correlation.SpearmansCorrelation;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LdsTest {
  @ParameterizedTest
  @CsvSource({"2,1000000", "3,1000000", "101,1000000", "101,7", "1499,50", "17,2"})
  void shouldAgreeWithHipparchusWithAndWithoutTies(int length, int distinct) {
    SplittableRandom random = new SplittableRandom(length);
    double[] a = new double[length];
    double[] b = new double[length];
    for (int i = 0; i < length; i++) {
      a[i] = random.nextInt(distinct) - distinct / 2;
      b[i] = a[i] + random.nextInt(distinct);
    }
    a[0] = -distinct; // never constant
    b[0] = -distinct;
    assertThat(Lds.spearman(a, b))
        .isCloseTo(new SpearmansCorrelation().correlation(a, b), within(1e-12));
    assertThat(Lds.pearson(a, b))
        .isCloseTo(new PearsonsCorrelation().correlation(a, b), within(1e-12));
  }

  @Test
  void shouldScoreZeroWhatHasNoRanks() {
    double[] truth = {1, 2, 3};
    assertThat(Lds.spearman(new double[] {5, 5, 5}, truth)).isZero();
    assertThat(Lds.spearman(new double[] {1, Double.NaN, 3}, truth)).isZero();
    assertThat(Lds.pearson(new double[] {.1, .1, .1}, truth)).isZero();
    assertThat(Lds.pearson(new double[] {1, Double.POSITIVE_INFINITY, 3}, truth)).isZero();
    assertThat(Lds.spearman(truth, new double[] {4, 4, 4})).isZero();
    assertThat(Lds.spearman(new double[] {2}, new double[] {3})).isZero();
    assertThat(Lds.spearman(new double[0], new double[0])).isZero();
  }

  @Test
  void shouldTreatBothZerosAsTied() {
    assertThat(Lds.ranks(new double[] {0.0, -0.0, -1, 2})).containsExactly(2.5, 2.5, 1, 4);
  }
}
