package io.ablate.estimate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.ablate.evaluate.Lds;
import io.ablate.mask.MaskMatrix;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ReluEstimatorTest extends EstimatorProperties {
  @Override
  Estimator estimator() {
    return new ReluEstimator();
  }

  @Override
  double tolerance() {
    return 1e-2; // single precision, and training amplifies rounding
  }

  @ParameterizedTest
  @CsvSource({"100,.14", "200,.24", "400,.35", "800,.49", "1600,.63"})
  void shouldReachTheKnownScoresOnTheGoldenDataset(int samples, double atLeast) {
    GoldenDataset golden = GoldenDataset.require();
    ComponentModels models = estimator().fit(golden.train(samples), CONTEXT);
    double[] lds = Lds.spearman(models.predict(golden.heldOutMasks()), golden.heldOutOutputs());
    assertThat(Arrays.stream(lds).average().orElseThrow()).isGreaterThanOrEqualTo(atLeast);
  }

  @Test
  void shouldFitAnExampleTheSameWithoutTheOthers() {
    TrainingData data = SyntheticData.linear(SyntheticData.masks(53, 19, 1), 3, .1, 2);
    TrainingData first =
        new TrainingData(data.masks(), Arrays.copyOf(data.outputs(), 1), data.layerOfColumn());
    assertThat(estimator().fit(data, CONTEXT).attributions()[0])
        .isEqualTo(estimator().fit(first, CONTEXT).attributions()[0]);
  }

  @Test
  void shouldDependOnTheSeed() {
    TrainingData data = SyntheticData.linear(SyntheticData.masks(53, 19, 1), 1, .1, 2);
    FitContext other = new FitContext(CONTEXT.algebra(), 8, CONTEXT.progress());
    assertThat(estimator().fit(data, CONTEXT).attributions()[0])
        .isNotEqualTo(estimator().fit(data, other).attributions()[0]);
  }

  @Test
  void shouldRecoverTheDirectionOfLinearOutputs() {
    TrainingData data = SyntheticData.linear(SyntheticData.masks(600, 19, 1), 1, 0, 2);
    ComponentModels models = estimator().fit(data, CONTEXT);
    assertThat(Lds.pearson(models.predict(data.masks())[0], data.outputs()[0])).isGreaterThan(.98);
    assertThat((List<?>) models.diagnostics().get("zero_scale_examples")).isEmpty();
    long fewest = 0;
    for (Object epochs : (List<?>) Objects.requireNonNull(models.diagnostics().get("epochs"))) {
      fewest += (int) epochs * (long) data.rows(); // the last training alone
    }
    assertThat((Long) models.diagnostics().get("trained_rows")).isGreaterThan(fewest);
  }

  @Test
  void shouldReadMasksThatKeepFew() {
    TrainingData data = SyntheticData.linear(SyntheticData.masks(600, 19, 1), 1, 0, 2);
    MaskMatrix inverted = new MaskMatrix(600, 19);
    for (int i = 0; i < 600 * 19; i++) {
      inverted.set(i / 19, i % 19, !data.masks().get(i / 19, i % 19));
    }
    ComponentModels kept = estimator().fit(data, CONTEXT);
    ComponentModels ablated =
        estimator().fit(new TrainingData(inverted, data.outputs(), data.layerOfColumn()), CONTEXT);
    for (int j = 0; j < 19; j++) {
      assertThat(ablated.attributions()[0][j]).isCloseTo(-kept.attributions()[0][j], within(1e-9));
    }
  }

  @Test
  void shouldNameExamplesWhoseScaleWasClampedToZero() {
    TrainingData data = SyntheticData.linear(SyntheticData.masks(31, 13, 1), 2, .1, 2);
    Arrays.fill(data.outputs()[1], 5);
    assertThat(estimator().fit(data, CONTEXT).diagnostics())
        .containsEntry("zero_scale_examples", List.of(1));
  }
}
