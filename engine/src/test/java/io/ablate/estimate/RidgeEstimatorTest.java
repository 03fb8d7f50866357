package io.ablate.estimate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.ablate.evaluate.Lds;
import io.ablate.mask.MaskMatrix;
import java.util.Arrays;
import java.util.Objects;
import java.util.stream.IntStream;
import org.ejml.data.DMatrixRMaj;
import org.ejml.dense.row.CommonOps_DDRM;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RidgeEstimatorTest extends EstimatorProperties {
  @Override
  Estimator estimator() {
    return new RidgeEstimator();
  }

  @ParameterizedTest
  @CsvSource({"100,.21", "200,.32", "400,.44", "800,.57", "1600,.67", "3200,.74"})
  void shouldReachTheKnownScoresOnTheGoldenDataset(int samples, double expected) {
    GoldenDataset golden = GoldenDataset.require();
    ComponentModels models = estimator().fit(golden.train(samples), CONTEXT);
    double[] lds = Lds.spearman(models.predict(golden.heldOutMasks()), golden.heldOutOutputs());
    assertThat(Arrays.stream(lds).average().orElseThrow()).isCloseTo(expected, within(.02));
  }

  @ParameterizedTest
  @CsvSource({"17,29", "29,17", "23,23"})
  void shouldReportTheErrorOfReallyLeavingEveryRowOut(int m, int n) {
    TrainingData data = SyntheticData.linear(SyntheticData.masks(m, n, 1), 2, .5, 2);
    ComponentModels models = estimator().fit(data, CONTEXT);
    double[] lambda = values(models, "lambda");
    double[] rms = values(models, "leave_one_out_rms");
    for (int e = 0; e < 2; e++) {
      double sum = 0;
      for (int out = 0; out < m; out++) {
        int left = out;
        int[] rest = IntStream.range(0, m).filter(i -> i != left).toArray();
        double[] beta = ridge(data.masks(), data.outputs()[e], rest, lambda[e]);
        double error = data.outputs()[e][out] - predict(beta, data.masks(), out);
        sum += error * error;
      }
      assertThat(rms[e]).isCloseTo(Math.sqrt(sum / m), within(1e-9));
      double[] beta =
          ridge(data.masks(), data.outputs()[e], IntStream.range(0, m).toArray(), lambda[e]);
      assertThat(models.intercepts()[e]).isCloseTo(beta[n], within(1e-9));
      for (int j = 0; j < n; j++) {
        assertThat(models.attributions()[e][j]).isCloseTo(beta[j], within(1e-9));
      }
    }
  }

  private static double[] values(ComponentModels models, String key) {
    return (double[]) Objects.requireNonNull(models.diagnostics().get(key));
  }

  /** Normal equations with an explicit column of ones that is not penalised. */
  private static double[] ridge(MaskMatrix masks, double[] y, int[] rows, double lambda) {
    int n = masks.columns();
    DMatrixRMaj a = new DMatrixRMaj(n + 1, n + 1);
    DMatrixRMaj b = new DMatrixRMaj(n + 1, 1);
    for (int row : rows) {
      double[] x = withOne(masks, row);
      for (int i = 0; i <= n; i++) {
        b.add(i, 0, x[i] * y[row]);
        for (int j = 0; j <= n; j++) {
          a.add(i, j, x[i] * x[j]);
        }
      }
    }
    for (int j = 0; j < n; j++) {
      a.add(j, j, lambda);
    }
    DMatrixRMaj beta = new DMatrixRMaj(n + 1, 1);
    assertThat(CommonOps_DDRM.solve(a, b, beta)).isTrue();
    return beta.data;
  }

  private static double predict(double[] beta, MaskMatrix masks, int row) {
    double[] x = withOne(masks, row);
    return IntStream.range(0, x.length).mapToDouble(i -> x[i] * beta[i]).sum();
  }

  private static double[] withOne(MaskMatrix masks, int row) {
    double[] x = new double[masks.columns() + 1];
    Arrays.setAll(x, j -> j == masks.columns() || masks.get(row, j) ? 1 : 0);
    return x;
  }
}
