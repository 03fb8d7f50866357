package io.ablate.estimate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.ablate.evaluate.Lds;
import io.ablate.mask.MaskMatrix;
import java.util.Arrays;
import org.ejml.data.DMatrixRMaj;
import org.ejml.dense.row.MatrixFeatures_DDRM;
import org.ejml.dense.row.factory.LinearSolverFactory_DDRM;
import org.ejml.interfaces.linsol.LinearSolverDense;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LeastSquaresEstimatorTest extends EstimatorProperties {
  @Override
  Estimator estimator() {
    return new LeastSquaresEstimator();
  }

  @Override
  double tolerance() {
    return 1e-6; // m = n is among the sizes
  }

  @ParameterizedTest
  @CsvSource({"100,.21", "200,.31", "400,.39", "673,-.002", "800,.40", "1600,.65", "3200,.73"})
  void shouldReachTheKnownScoresOnTheGoldenDataset(int samples, double expected) {
    GoldenDataset golden = GoldenDataset.require();
    ComponentModels models = estimator().fit(golden.train(samples), CONTEXT);
    double[] lds = Lds.spearman(models.predict(golden.heldOutMasks()), golden.heldOutOutputs());
    assertThat(Arrays.stream(lds).average().orElseThrow()).isCloseTo(expected, within(.02));
  }

  @ParameterizedTest
  @CsvSource({"300", "673", "900"})
  void shouldAgreeWithASingularValueDecompositionOnTheGoldenDataset(int samples) {
    GoldenDataset golden = GoldenDataset.require();
    TrainingData data = golden.train(samples);
    TrainingData two =
        new TrainingData(data.masks(), Arrays.copyOf(data.outputs(), 2), data.layerOfColumn());
    assertSamePredictions(two, golden.heldOutMasks());
  }

  @ParameterizedTest
  @CsvSource({"2,1", "3,2", "13,67", "67,67", "68,67", "69,67", "311,67", "67,1"})
  void shouldAgreeWithASingularValueDecomposition(int m, int n) {
    TrainingData data = SyntheticData.linear(SyntheticData.masks(m, n, m), 3, .5, n);
    assertSamePredictions(data, SyntheticData.masks(53, n, 99));
  }

  @ParameterizedTest
  @CsvSource({"41,29", "29,41"})
  void shouldShareWeightAmongDuplicatesAndIgnoreConstants(int m, int n) {
    MaskMatrix masks = SyntheticData.masks(m, n, 5);
    for (int i = 0; i < m; i++) {
      masks.set(i, 3, masks.get(i, 11)); // a duplicate
      masks.set(i, 4, !masks.get(i, 12)); // a complement
      masks.set(i, 7, true); // a constant
    }
    for (int j = 0; j < n; j++) {
      masks.set(m - 1, j, masks.get(0, j)); // one mask twice, with two outputs
    }
    TrainingData data = SyntheticData.linear(masks, 2, .5, 6);
    assertSamePredictions(data, SyntheticData.masks(53, n, 99));
    ComponentModels models = estimator().fit(data, CONTEXT);
    for (double[] theta : models.attributions()) {
      assertThat(theta[3]).isCloseTo(theta[11], within(1e-9));
      assertThat(theta[4]).isCloseTo(-theta[12], within(1e-9));
      assertThat(theta[7]).isCloseTo(0, within(1e-9));
    }
  }

  @Test
  void shouldTakeTheLeastNormWhereEveryMaskKeepsEquallyMany() {
    MaskMatrix masks = new MaskMatrix(101, 13);
    for (int i = 0; i < 101; i++) {
      int[] order = SyntheticData.permutation(13, i);
      for (int j = 0; j < 11; j++) {
        masks.set(i, order[j], true);
      }
    }
    assertSamePredictions(SyntheticData.linear(masks, 2, .5, 6), SyntheticData.masks(53, 13, 99));
  }

  @Test
  void shouldRecoverExactlyLinearOutputs() {
    TrainingData data = SyntheticData.linear(SyntheticData.masks(211, 31, 1), 2, 0, 2);
    ComponentModels models = estimator().fit(data, CONTEXT);
    assertThat(models.intercepts()[0]).isCloseTo(3, within(1e-10));
    double[][] predicted = models.predict(data.masks());
    for (int i = 0; i < 211; i++) {
      assertThat(predicted[1][i]).isCloseTo(data.outputs()[1][i], within(1e-10));
    }
  }

  /** Compares predictions with the pseudo-inverse of the centred masks, to 1e-6 relative. */
  private void assertSamePredictions(TrainingData data, MaskMatrix heldOut) {
    int m = data.rows();
    int n = data.columns();
    DMatrixRMaj centred = new DMatrixRMaj(m, n);
    double[] mean = new double[n];
    for (int j = 0; j < n; j++) {
      for (int i = 0; i < m; i++) {
        mean[j] += data.masks().get(i, j) ? 1.0 / m : 0;
      }
      for (int i = 0; i < m; i++) {
        centred.set(i, j, (data.masks().get(i, j) ? 1 : 0) - mean[j]);
      }
    }
    LinearSolverDense<DMatrixRMaj> svd = LinearSolverFactory_DDRM.pseudoInverse(true);
    assertThat(svd.setA(centred)).isTrue();
    double[][] found = estimator().fit(data, CONTEXT).predict(heldOut);
    for (int e = 0; e < data.examples(); e++) {
      double[] y = data.outputs()[e];
      double outputMean = Arrays.stream(y).average().orElseThrow();
      DMatrixRMaj theta = new DMatrixRMaj(n, 1);
      DMatrixRMaj right = new DMatrixRMaj(m, 1);
      for (int i = 0; i < m; i++) {
        right.set(i, 0, y[i] - outputMean);
      }
      svd.solve(right, theta);
      assertThat(MatrixFeatures_DDRM.hasUncountable(theta)).isFalse();
      double[] expected = new double[heldOut.rows()];
      double scale = 0;
      for (int i = 0; i < expected.length; i++) {
        expected[i] = outputMean;
        for (int j = 0; j < n; j++) {
          expected[i] += ((heldOut.get(i, j) ? 1 : 0) - mean[j]) * theta.get(j, 0);
        }
        scale = Math.max(scale, Math.abs(expected[i]));
      }
      for (int i = 0; i < expected.length; i++) {
        assertThat(found[e][i]).isCloseTo(expected[i], within(1e-6 * scale));
      }
    }
  }
}
