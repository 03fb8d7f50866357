package io.ablate.instrument;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.SplittableRandom;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class OutputFunctionTest {
  private static final double[] LOGITS = {1.5, -.5, 4, 2.25, 0};

  @ParameterizedTest
  @EnumSource
  void shouldFollowItsDefinition(OutputFunction function) {
    for (int y = 0; y < LOGITS.length; y++) {
      double others = 0;
      double max = Double.NEGATIVE_INFINITY;
      for (int c = 0; c < LOGITS.length; c++) {
        others += c == y ? 0 : Math.exp(LOGITS[c]);
        max = c == y ? max : Math.max(max, LOGITS[c]);
      }
      double probability = Math.exp(LOGITS[y]) / (others + Math.exp(LOGITS[y]));
      double expected =
          switch (function) {
            case MARGIN -> LOGITS[y] - max;
            case MARGIN_LOGSUMEXP -> Math.log(probability / (1 - probability));
            case LOGIT -> LOGITS[y];
            case LOG_PROB -> Math.log(probability);
            case LOSS -> -Math.log(probability);
          };
      assertThat(function.of(LOGITS, y)).isCloseTo(expected, within(1e-12));
    }
  }

  @ParameterizedTest
  @EnumSource
  void shouldHaveTheGradientOfCentralDifferences(OutputFunction function) {
    SplittableRandom random = new SplittableRandom(3);
    double[] logits = random.doubles(7, -3, 3).toArray();
    for (int y = 0; y < logits.length; y++) {
      double[] gradient = function.gradient(logits, y);
      for (int c = 0; c < logits.length; c++) {
        double[] up = logits.clone();
        double[] down = logits.clone();
        up[c] += 1e-6;
        down[c] -= 1e-6;
        double difference = (function.of(up, y) - function.of(down, y)) / 2e-6;
        assertThat(gradient[c]).isCloseTo(difference, within(1e-8));
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void shouldNotOverflow(OutputFunction function) {
    double[] logits = {900, -900, 899};
    assertThat(function.of(logits, 1)).isFinite();
    assertThat(function.gradient(logits, 1)).doesNotContain(Double.NaN);
  }

  @ParameterizedTest
  @EnumSource
  void shouldBeFoundByItsLabel(OutputFunction function) {
    assertThat(OutputFunction.byLabel(function.label())).isEqualTo(function);
    assertThat(OutputFunction.byLabel("logits")).isNull();
    assertThat(OutputFunction.labels()).contains(function.label());
  }
}
