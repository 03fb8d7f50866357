package io.ablate.estimate;

import static org.assertj.core.api.Assertions.assertThat;

import io.ablate.base.Progress;
import io.ablate.evaluate.Lds;
import io.ablate.linalg.EjmlLinearAlgebra;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TunedReluEstimatorTest extends EstimatorProperties {
  @Override
  Estimator estimator() {
    return new TunedReluEstimator();
  }

  @Override
  double tolerance() {
    return 1e-2; // single precision, and kinks amplify rounding
  }

  @ParameterizedTest
  @CsvSource({"100,.454", "200,.553"})
  void shouldReachTheKnownScoresOnTheGoldenDataset(int samples, double expected) {
    GoldenDataset golden = GoldenDataset.require();
    ComponentModels models = estimator().fit(golden.withLayers().first(samples), CONTEXT);
    double[] lds = Lds.spearman(models.predict(golden.heldOutMasks()), golden.heldOutOutputs());
    assertThat(Arrays.stream(lds).average().orElseThrow()).isGreaterThan(expected - .005);
  }

  @Test
  void shouldCountAPassForTheActivationScale() {
    Costs with = new Costs(2, 672, 1000, new int[0], false, false, true);
    Costs without = new Costs(2, 672, 1000, new int[0], false, false, false);
    assertThat(estimator().spending(100, with).orElseThrow().rows()).isEqualTo(99);
    assertThat(estimator().spending(100, without).orElseThrow().rows()).isEqualTo(100);
  }

  @Test
  void shouldGainFromTheScaleAndFromTheLayers() {
    MaskGradientData layered = MaskGradientData.layered(60, 0, 0, 4, 1);
    TrainingData data = layered.data();
    TrainingData flat = new TrainingData(data.masks(), data.outputs(), new int[data.columns()]);
    double with = MaskGradientData.error(estimator().fit(data, CONTEXT), layered.theta());
    double without = MaskGradientData.error(estimator().fit(flat, CONTEXT), layered.theta());
    assertThat(with).isLessThan(.8 * without);
  }

  @Test
  void shouldBeTheSameWhateverTheThreadsWithMoreExamplesThanABlock() {
    TrainingData data = SyntheticData.linear(SyntheticData.masks(53, 19, 1), 17, .5, 2);
    ComponentModels one =
        estimator().fit(data, new FitContext(new EjmlLinearAlgebra(), 7, Progress.NONE, 1));
    ComponentModels five =
        estimator().fit(data, new FitContext(new EjmlLinearAlgebra(), 7, Progress.NONE, 5));
    assertThat(five.attributions()).isDeepEqualTo(one.attributions());
    assertThat(five.diagnostics().get("penalty_strength"))
        .isEqualTo(one.diagnostics().get("penalty_strength"));
  }

  @Test
  void shouldRecoverTheDirectionOfLinearOutputs() {
    TrainingData data = SyntheticData.linear(SyntheticData.masks(600, 19, 1), 1, 0, 2);
    ComponentModels models = estimator().fit(data, CONTEXT);
    assertThat(Lds.pearson(models.predict(data.masks())[0], data.outputs()[0])).isGreaterThan(.98);
  }

  @Test
  void shouldNameExamplesWhoseScaleWasClampedToZero() {
    TrainingData data = SyntheticData.linear(SyntheticData.masks(31, 13, 1), 2, .1, 2);
    Arrays.fill(data.outputs()[1], 5);
    assertThat(estimator().fit(data, CONTEXT).diagnostics())
        .containsEntry("zero_scale_examples", List.of(1));
  }
}
