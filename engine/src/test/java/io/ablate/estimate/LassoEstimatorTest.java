package io.ablate.estimate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.ablate.evaluate.Lds;
import io.ablate.mask.MaskMatrix;
import java.util.Arrays;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LassoEstimatorTest extends EstimatorProperties {
  @Override
  Estimator estimator() {
    return new LassoEstimator();
  }

  @Override
  double tolerance() {
    return 1e-5; // descent ends at a tolerance
  }

  @ParameterizedTest
  @CsvSource({"100,.170", "200,.365", "400,.551", "800,.655"})
  void shouldReachTheKnownScoresOnTheGoldenDataset(int samples, double expected) {
    GoldenDataset golden = GoldenDataset.require();
    ComponentModels models = estimator().fit(golden.train(samples), CONTEXT);
    double[] lds = Lds.spearman(models.predict(golden.heldOutMasks()), golden.heldOutOutputs());
    assertThat(Arrays.stream(lds).average().orElseThrow()).isCloseTo(expected, within(.01));
  }

  @ParameterizedTest
  @CsvSource({"97,31,0", "53,67,0", "97,31,1", "53,67,1"})
  void shouldMeetTheOptimalityConditions(int m, int n, int gram) {
    TrainingData data = sparse(m, n, 3, 6, 1);
    ComponentModels models =
        new LassoEstimator(gram * LassoEstimator.GRAM_BYTES).fit(data, CONTEXT);
    assertThat(models.diagnostics()).containsEntry("form", gram == 1 ? "gram" : "residuals");
    double[] lambda = values(models, "lambda");
    int nonZero = 0;
    for (int e = 0; e < 3; e++) {
      LassoRowsContract.Dense dense =
          new LassoRowsContract.Dense(
              data.masks(), data.outputs()[e], IntStream.range(0, m).toArray());
      double[] theta = models.attributions()[e];
      System.arraycopy(theta, 0, dense.theta, 0, n);
      double[] gradients = dense.gradients();
      for (int j = 0; j < n; j++) {
        if (theta[j] == 0) {
          assertThat(Math.abs(gradients[j])).isLessThanOrEqualTo(lambda[e] * (1 + 1e-4));
        } else {
          nonZero++;
          assertThat(gradients[j])
              .isCloseTo(Math.signum(theta[j]) * lambda[e], within(1e-4 * lambda[e]));
        }
      }
    }
    assertThat(nonZero).isBetween(9, 3 * n - 1);
  }

  @Test
  void shouldReportTheErrorOfReallyLeavingFoldsOut() {
    int m = 61;
    TrainingData data = sparse(m, 23, 2, 6, 1);
    ComponentModels models = estimator().fit(data, CONTEXT);
    ContentOrder content = ContentOrder.of(data.masks());
    MaskMatrix masks = content.masks();
    Folds folds = Folds.of(m, 10, CONTEXT.seed());
    for (int e = 0; e < 2; e++) {
      double sum = 0;
      for (int f = 0; f < 10; f++) {
        int[] heldOut = Arrays.copyOfRange(folds.order(), folds.start()[f], folds.start()[f + 1]);
        int[] rest =
            IntStream.range(0, m)
                .filter(row -> Arrays.stream(heldOut).noneMatch(out -> out == row))
                .toArray();
        LassoRowsContract.Dense dense = new LassoRowsContract.Dense(masks, data.outputs()[e], rest);
        dense.proximalGradient(values(models, "lambda")[e]);
        for (int row : heldOut) {
          sum += Math.pow(data.outputs()[e][row] - dense.predict(masks, row, dense.theta), 2);
        }
      }
      double expected = Math.sqrt(sum / m);
      assertThat(values(models, "cross_validation_rms")[e])
          .isCloseTo(expected, within(.01 * expected));
    }
  }

  @Test
  void shouldGiveTheSameInBothForms() {
    TrainingData data = sparse(97, 31, 3, 6, 1);
    double[][] gram = estimator().fit(data, CONTEXT).attributions();
    double[][] residuals = new LassoEstimator(0).fit(data, CONTEXT).attributions();
    for (int e = 0; e < 3; e++) {
      for (int j = 0; j < 31; j++) {
        assertThat(gram[e][j]).isCloseTo(residuals[e][j], within(1e-4));
      }
    }
  }

  @Test
  void shouldRecoverLinearOutputs() {
    TrainingData data = sparse(400, 19, 2, 19, 0);
    double[][] exact = new LeastSquaresEstimator().fit(data, CONTEXT).attributions();
    double[][] found = estimator().fit(data, CONTEXT).attributions();
    for (int e = 0; e < 2; e++) {
      for (int j = 0; j < 19; j++) {
        assertThat(found[e][j]).isCloseTo(exact[e][j], within(.01));
      }
    }
  }

  @Test
  void shouldFindTheFewComponentsThatMatterWhereMasksAreFew() {
    TrainingData data = sparse(80, 131, 1, 4, .2);
    double[] theta = estimator().fit(data, CONTEXT).attributions()[0];
    double[] ridge = new RidgeEstimator().fit(data, CONTEXT).attributions()[0];
    for (int j = 0; j < 4; j++) {
      assertThat(Math.abs(theta[j])).isGreaterThan(1);
      assertThat(Math.abs(ridge[j])).isLessThan(Math.abs(theta[j]));
    }
  }

  @Test
  void shouldShareAnEffectAmongEqualColumns() {
    TrainingData data = sparse(97, 31, 1, 6, 1);
    MaskMatrix twice = data.masks().rows(0, 97);
    for (int row = 0; row < 97; row++) {
      twice.set(row, 30, twice.get(row, 0));
    }
    double[] theta =
        estimator()
            .fit(new TrainingData(twice, data.outputs(), data.layerOfColumn()), CONTEXT)
            .attributions()[0];
    assertThat(theta[0]).isNotZero().isEqualTo(theta[30]);
  }

  @Test
  void shouldFitAnExampleTheSameWithoutTheOthers() {
    TrainingData data = sparse(53, 19, 3, 6, 1);
    TrainingData first =
        new TrainingData(data.masks(), Arrays.copyOf(data.outputs(), 1), data.layerOfColumn());
    assertThat(estimator().fit(data, CONTEXT).attributions()[0])
        .isEqualTo(estimator().fit(first, CONTEXT).attributions()[0]);
  }

  private static double[] values(ComponentModels models, String key) {
    return (double[]) Objects.requireNonNull(models.diagnostics().get(key));
  }

  /** Outputs that depend on the first components only, with effects of size 2. */
  private static TrainingData sparse(int m, int n, int examples, int effects, double noise) {
    SplittableRandom random = new SplittableRandom(m);
    MaskMatrix masks = LassoRowsContract.masks(m, n, .8);
    double[][] outputs = new double[examples][m];
    for (int e = 0; e < examples; e++) {
      for (int row = 0; row < m; row++) {
        outputs[e][row] = noise * random.nextGaussian();
        for (int j = 0; j < effects; j++) {
          outputs[e][row] += masks.get(row, j) ? 2 - 4 * ((j + e) % 2) : 0;
        }
      }
    }
    return new TrainingData(masks, outputs, new int[n]);
  }
}
