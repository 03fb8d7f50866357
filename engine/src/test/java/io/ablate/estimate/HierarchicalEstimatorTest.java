package io.ablate.estimate;

import static org.assertj.core.api.Assertions.assertThat;

import io.ablate.evaluate.Lds;
import io.ablate.mask.MaskMatrix;
import java.util.Arrays;
import java.util.Objects;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class HierarchicalEstimatorTest extends EstimatorProperties {
  @Override
  Estimator estimator() {
    return new HierarchicalEstimator();
  }

  @Override
  double tolerance() {
    return 1e-5; // the search for the hyper-parameters ends within a tolerance
  }

  @ParameterizedTest
  @CsvSource({"100,.46", "200,.55", "400,.63", "800,.69"})
  void shouldReachTheKnownScoresOnTheGoldenDataset(int samples, double expected) {
    GoldenDataset golden = GoldenDataset.require();
    ComponentModels models = estimator().fit(golden.withLayers().first(samples), CONTEXT);
    double[] lds = Lds.spearman(models.predict(golden.heldOutMasks()), golden.heldOutOutputs());
    assertThat(Arrays.stream(lds).average().orElseThrow()).isGreaterThan(expected - .005);
  }

  @Test
  void shouldGainFromTheScaleAndFromTheLayers() {
    TrainingData data = MaskGradientData.layered(60, 0, 0, 4, 1).data();
    double[][] truth = MaskGradientData.layered(60, 0, 0, 4, 1).theta();
    double with = MaskGradientData.error(estimator().fit(data, CONTEXT), truth);
    double without =
        MaskGradientData.error(
            estimator()
                .fit(
                    new TrainingData(data.masks(), data.outputs(), new int[data.columns()]),
                    CONTEXT),
            truth);
    assertThat(with).isLessThan(.8 * without);
  }

  /** Effects that grow as s or as s², of either sign, in two layers. */
  @ParameterizedTest
  @ValueSource(doubles = {1, 2})
  void shouldFindThePowerOfTheScaleThatTheEffectsFollow(double power) {
    int n = 80;
    MaskMatrix masks = SyntheticData.masks(150, n, 3);
    SplittableRandom random = new SplittableRandom(4);
    int[] layer = new int[n];
    double[][] scale = new double[6][n];
    double[][] outputs = new double[6][masks.rows()];
    for (int e = 0; e < scale.length; e++) {
      for (int i = 0; i < n; i++) {
        layer[i] = i % 2;
        scale[e][i] = Math.exp(random.nextGaussian());
        double effect = Math.pow(scale[e][i], power) * random.nextGaussian();
        for (int row = 0; row < masks.rows(); row++) {
          outputs[e][row] += masks.get(row, i) ? effect : 0;
        }
      }
      for (int row = 0; row < masks.rows(); row++) {
        outputs[e][row] += .5 * random.nextGaussian();
      }
    }
    ComponentModels models =
        estimator().fit(new TrainingData(masks, outputs, layer, scale), CONTEXT);
    assertThat(models.diagnostics()).containsEntry("activation_scale_power", power);
  }

  /** Twelve rows of one example hardly tell that ablating costs; those of all examples do. */
  @Test
  void shouldLearnFromAllExamplesWhatAblatingCostsOnAverage() {
    int n = 90;
    MaskMatrix masks = SyntheticData.masks(12, n, 3);
    SplittableRandom random = new SplittableRandom(4);
    double[][] outputs = new double[10][masks.rows()];
    for (double[] example : outputs) {
      for (int i = 0; i < n; i++) {
        double effect = .5 + random.nextGaussian();
        for (int row = 0; row < masks.rows(); row++) {
          example[row] += masks.get(row, i) ? effect : 0;
        }
      }
    }
    ComponentModels models = estimator().fit(new TrainingData(masks, outputs, new int[n]), CONTEXT);
    double mean =
        Arrays.stream(models.attributions())
            .flatMapToDouble(Arrays::stream)
            .average()
            .orElseThrow();
    // With a prior mean of 0 it is .014.
    assertThat(mean).isBetween(.25, .75);
  }

  @Test
  void shouldGiveStandardErrorsOfTheRightSize() {
    MaskGradientData known = MaskGradientData.layered(60, 0, 0, 5, 5);
    ComponentModels models = estimator().fit(known.data(), CONTEXT);
    double[][] errors = Objects.requireNonNull(models.standardErrors());
    int within = 0;
    for (int e = 0; e < 5; e++) {
      for (int i = 0; i < errors[e].length; i++) {
        double deviation = Math.abs(models.attributions()[e][i] - known.theta()[e][i]);
        within += deviation <= 2 * errors[e][i] ? 1 : 0;
      }
    }
    assertThat(within / (5.0 * errors[0].length)).isBetween(.8, .999);
  }

  @Test
  void shouldGiveNothingToALayerThatIsNeverAblated() {
    TrainingData data = MaskGradientData.layered(40, 0, 0, 2, 1).data();
    for (int row = 0; row < data.rows(); row++) {
      for (int i = 0; i < data.columns(); i++) {
        if (data.layerOfColumn()[i] == 1) {
          data.masks().set(row, i, true);
        }
      }
    }
    ComponentModels models = estimator().fit(data, CONTEXT);
    for (int i = 0; i < data.columns(); i++) {
      if (data.layerOfColumn()[i] == 1) {
        assertThat(models.attributions()[0][i]).isZero();
      }
    }
    assertThat(models.attributions()[0])
        .satisfies(
            all -> {
              assertThat(Arrays.stream(all).allMatch(Double::isFinite)).isTrue();
              assertThat(Arrays.stream(all).anyMatch(value -> value != 0)).isTrue();
            });
  }
}
