package io.ablate.estimate;

import static io.ablate.estimate.EstimatorProperties.CONTEXT;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class CrossValidationTest {
  @Test
  void shouldLeaveEveryRowOutOnceWithFoldsOfEvenSizes() {
    TrainingData data = SyntheticData.linear(SyntheticData.masks(53, 7, 1), 2, .1, 2);
    List<Integer> fitted = new ArrayList<>();
    Estimator counting =
        new Estimator() {
          @Override
          public String name() {
            return "counting";
          }

          @Override
          public ComponentModels fit(TrainingData train, FitContext context) {
            fitted.add(train.rows());
            return new LeastSquaresEstimator().fit(train, context);
          }
        };
    double[][] predicted = CrossValidation.predict(counting, data, 5, CONTEXT);
    assertThat(fitted).containsExactly(42, 42, 42, 43, 43);
    for (int e = 0; e < 2; e++) {
      assertThat(CrossValidation.correlation(predicted[e], data.outputs()[e])).isGreaterThan(.9);
    }
  }

  @Test
  void shouldEqualLeaveOneOutWhereEveryRowIsAFold() {
    TrainingData data = SyntheticData.linear(SyntheticData.masks(23, 5, 1), 1, .3, 2);
    double[][] predicted = CrossValidation.predict(new LeastSquaresEstimator(), data, 23, CONTEXT);
    for (int row = 0; row < 23; row++) {
      int left = row;
      int[] others = java.util.stream.IntStream.range(0, 23).filter(r -> r != left).toArray();
      TrainingData rest = data.select(others);
      ComponentModels models = new LeastSquaresEstimator().fit(rest, CONTEXT);
      double mean = Arrays.stream(rest.outputs()[0]).average().orElseThrow();
      assertThat(predicted[0][row])
          .isCloseTo(models.predict(data.masks())[0][row] - mean, within(1e-9));
    }
  }

  @Test
  void shouldNotOrderTheFoldsAgainstTheOutputs() {
    // Models that predict the mean: with it left in, left-out rows would correlate by −1.
    TrainingData data = SyntheticData.linear(SyntheticData.masks(30, 5, 1), 1, .3, 2);
    Estimator means =
        new Estimator() {
          @Override
          public String name() {
            return "means";
          }

          @Override
          public ComponentModels fit(TrainingData train, FitContext context) {
            double mean = Arrays.stream(train.outputs()[0]).average().orElseThrow();
            return new ComponentModels(
                name(), new double[1][train.columns()], new double[] {mean}, Map.of());
          }
        };
    double[] predicted = CrossValidation.predict(means, data, 5, CONTEXT)[0];
    assertThat(predicted).containsOnly(0);
    assertThat(CrossValidation.correlation(predicted, data.outputs()[0])).isZero();
  }

  @Test
  void shouldRefuseFoldsWithoutRows() {
    TrainingData data = SyntheticData.linear(SyntheticData.masks(4, 3, 1), 1, .3, 2);
    assertThatThrownBy(() -> CrossValidation.predict(new RidgeEstimator(), data, 5, CONTEXT))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("5 folds of 4 rows");
  }
}
