package io.ablate.estimate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.ablate.base.BadInputException;
import io.ablate.base.Progress;
import io.ablate.linalg.EjmlLinearAlgebra;
import io.ablate.mask.MaskMatrix;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What every estimator owes its callers. */
abstract class EstimatorProperties {
  static final FitContext CONTEXT = new FitContext(new EjmlLinearAlgebra(), 7, Progress.NONE);

  abstract Estimator estimator();

  /** Largest deviation allowed where the mathematics says equal, relative to the attributions. */
  double tolerance() {
    return 1e-8;
  }

  @ParameterizedTest
  @CsvSource({"31,67", "67,31", "2,13", "13,1", "131,131"})
  void shouldPermuteAttributionsWithTheColumns(int m, int n) {
    TrainingData data = SyntheticData.linear(SyntheticData.masks(m, n, 1), 3, .1, 2);
    int[] order = SyntheticData.permutation(n, 3);
    ComponentModels plain = estimator().fit(data, CONTEXT);
    ComponentModels permuted = estimator().fit(SyntheticData.permuteColumns(data, order), CONTEXT);
    for (int e = 0; e < 3; e++) {
      double[] theta = plain.attributions()[e];
      double scale = Arrays.stream(theta).map(Math::abs).max().orElseThrow();
      for (int j = 0; j < n; j++) {
        assertThat(permuted.attributions()[e][j])
            .isCloseTo(theta[order[j]], within(tolerance() * scale));
      }
    }
  }

  @Test
  void shouldFollowScaleAndOffsetOfTheOutputs() {
    TrainingData data = SyntheticData.linear(SyntheticData.masks(41, 23, 1), 2, .1, 2);
    double[][] changed = new double[2][];
    for (int e = 0; e < 2; e++) {
      changed[e] = Arrays.stream(data.outputs()[e]).map(y -> 4 * y - 100).toArray();
    }
    ComponentModels plain = estimator().fit(data, CONTEXT);
    ComponentModels scaled =
        estimator().fit(new TrainingData(data.masks(), changed, data.layerOfColumn()), CONTEXT);
    for (int e = 0; e < 2; e++) {
      for (int j = 0; j < 23; j++) {
        assertThat(scaled.attributions()[e][j])
            .isCloseTo(4 * plain.attributions()[e][j], within(10 * tolerance()));
      }
      assertThat(scaled.intercepts()[e])
          .isCloseTo(4 * plain.intercepts()[e] - 100, within(100 * tolerance()));
    }
  }

  @Test
  void shouldPredictTheMeanOfConstantOutputs() {
    MaskMatrix masks = SyntheticData.masks(31, 13, 1);
    double[][] outputs = {new double[31], SyntheticData.linear(masks, 1, 0, 5).outputs()[0]};
    Arrays.fill(outputs[0], .1);
    ComponentModels models =
        estimator().fit(new TrainingData(masks, outputs, new int[13]), CONTEXT);
    assertThat(models.attributions()[0]).containsOnly(0);
    assertThat(models.intercepts()[0]).isEqualTo(.1);
    assertThat(models.attributions()[1]).doesNotContain(0);
  }

  @Test
  void shouldSurviveMasksWithoutVariation() {
    MaskMatrix masks = new MaskMatrix(5, 3);
    for (int i = 0; i < 15; i++) {
      masks.set(i / 3, i % 3, true);
    }
    ComponentModels models =
        estimator()
            .fit(new TrainingData(masks, new double[][] {{1, 2, 3, 4, 5}}, new int[3]), CONTEXT);
    for (double y : models.predict(masks)[0]) {
      assertThat(y).isCloseTo(3, within(1e-6));
    }
  }

  @Test
  void shouldNameExampleAndRowOfAnOutputThatIsNoNumber() {
    TrainingData data = SyntheticData.linear(SyntheticData.masks(11, 5, 1), 3, .1, 2);
    data.outputs()[2][7] = Double.NaN;
    assertThatThrownBy(() -> estimator().fit(data, CONTEXT))
        .isInstanceOf(BadInputException.class)
        .hasMessageContaining("example 2, row 7")
        .hasMessageContaining("NaN");
  }

  @Test
  void shouldRefuseASingleSample() {
    TrainingData data = SyntheticData.linear(SyntheticData.masks(1, 5, 1), 1, .1, 2);
    assertThatThrownBy(() -> estimator().fit(data, CONTEXT))
        .isInstanceOf(BadInputException.class)
        .hasMessage("too few samples to fit; expected at least 2, found 1");
  }

  @Test
  void shouldFitNoExamples() {
    TrainingData data =
        new TrainingData(SyntheticData.masks(11, 5, 1), new double[0][], new int[5]);
    assertThat(estimator().fit(data, CONTEXT).attributions()).isEmpty();
  }

  @Test
  void shouldRepeatItselfExactlyWhateverTheThreads() {
    TrainingData data = SyntheticData.linear(SyntheticData.masks(53, 19, 1), 5, .1, 2);
    ComponentModels one =
        estimator().fit(data, new FitContext(new EjmlLinearAlgebra(), 7, Progress.NONE, 1));
    ComponentModels three =
        estimator().fit(data, new FitContext(new EjmlLinearAlgebra(), 7, Progress.NONE, 3));
    assertThat(three.attributions()).isDeepEqualTo(one.attributions());
    assertThat(three.intercepts()).isEqualTo(one.intercepts());
  }
}
