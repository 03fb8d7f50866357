package io.ablate.estimate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.ablate.base.RandomStreams;
import io.ablate.evaluate.Lds;
import io.ablate.mask.MaskMatrix;
import java.util.Arrays;
import java.util.Objects;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LeastSquaresSagaEstimatorTest extends EstimatorProperties {
  @Override
  Estimator estimator() {
    return new LeastSquaresSagaEstimator();
  }

  @ParameterizedTest
  @CsvSource({"29,17,.9", "17,29,.9", "2,5,.9", "1,3,.9", "41,13,.2"})
  void shouldTakeThePlainStepsOfSagaOnDenseStandardisedMasks(int m, int n, double keep) {
    MaskMatrix masks = masks(m, n, keep);
    double[][] outputs = SyntheticData.linear(masks, 3, .3, 2).outputs();
    double[][] start = new double[3][n];
    for (int e = 0; e < 3; e++) {
      start[e] = new SplittableRandom(e).doubles(n, -.1, .1).toArray();
    }
    Saga.Result found = new Saga(ListedRows.of(masks), m, 2).solve(outputs, start, 5);
    for (int e = 0; e < 3; e++) {
      Plain plain = new Plain(masks, outputs[e], start[e]);
      plain.run(2, 5);
      if (m > 1) {
        assertThat(found.epochs()[e]).isEqualTo(plain.epochs);
      }
      double[] theta = plain.attributions();
      for (int j = 0; j < n; j++) {
        assertThat(found.attributions()[e][j]).isCloseTo(theta[j], within(1e-9));
      }
    }
  }

  @Test
  void shouldFitAnExampleTheSameWithoutTheOthers() {
    TrainingData data = SyntheticData.linear(SyntheticData.masks(53, 19, 1), 11, .1, 2);
    TrainingData last =
        new TrainingData(
            data.masks(), Arrays.copyOfRange(data.outputs(), 10, 11), data.layerOfColumn());
    assertThat(estimator().fit(data, CONTEXT).attributions()[10])
        .isEqualTo(estimator().fit(last, CONTEXT).attributions()[0]);
  }

  @Test
  void shouldApproachLeastSquaresWhereItIsWellDetermined() {
    TrainingData data = SyntheticData.linear(SyntheticData.masks(600, 19, 1), 2, .5, 2);
    double[][] saga = estimator().fit(data, CONTEXT).attributions();
    double[][] exact = new LeastSquaresEstimator().fit(data, CONTEXT).attributions();
    for (int e = 0; e < 2; e++) {
      for (int j = 0; j < 19; j++) {
        assertThat(saga[e][j]).isCloseTo(exact[e][j], within(.02));
      }
    }
  }

  @Test
  void shouldStopShortOfLeastSquaresWhereItIsBadlyDetermined() {
    TrainingData data = SyntheticData.linear(SyntheticData.masks(60, 57, 1), 1, .5, 2);
    double[] saga = estimator().fit(data, CONTEXT).attributions()[0];
    double[] exact = new LeastSquaresEstimator().fit(data, CONTEXT).attributions()[0];
    assertThat(Arrays.stream(saga).map(Math::abs).sum())
        .isLessThan(.8 * Arrays.stream(exact).map(Math::abs).sum());
  }

  @Test
  void shouldGiveTheSameOrderOfRowsToTheSameSeedOnly() {
    TrainingData data = SyntheticData.linear(SyntheticData.masks(53, 19, 1), 1, .5, 2);
    FitContext other = new FitContext(CONTEXT.algebra(), 8, CONTEXT.progress());
    assertThat(estimator().fit(data, CONTEXT).attributions()[0])
        .isNotEqualTo(estimator().fit(data, other).attributions()[0])
        .isEqualTo(estimator().fit(data, CONTEXT).attributions()[0]);
  }

  @ParameterizedTest
  @CsvSource({"200,.302", "400,.397"})
  void shouldReachTheKnownScoresOnTheGoldenDataset(int samples, double expected) {
    GoldenDataset golden = GoldenDataset.require();
    ComponentModels models = estimator().fit(golden.train(samples), CONTEXT);
    double[] lds = Lds.spearman(models.predict(golden.heldOutMasks()), golden.heldOutOutputs());
    assertThat(Arrays.stream(lds).average().orElseThrow()).isCloseTo(expected, within(.01));
    assertThat((int[]) Objects.requireNonNull(models.diagnostics().get("epochs")))
        .doesNotContain(Saga.MOST_EPOCHS);
  }

  private static MaskMatrix masks(int m, int n, double keep) {
    SplittableRandom random = new SplittableRandom(m);
    MaskMatrix masks = new MaskMatrix(m, n);
    for (int i = 0; i < m * n; i++) {
      masks.set(i / n, i % n, random.nextDouble() < keep);
    }
    return masks;
  }

  /** SAGA as in the paper: a stored gradient per row, dense standardised columns, one example. */
  private static final class Plain {
    private final double[][] z;
    private final double[] deviation;
    private final double[] y;
    private final double scale;
    private final double[] w;
    private int epochs;

    Plain(MaskMatrix masks, double[] outputs, double[] start) {
      int m = masks.rows();
      int n = masks.columns();
      z = new double[m][n];
      deviation = new double[n];
      w = new double[n];
      double mean = Arrays.stream(outputs).average().orElseThrow();
      double variance =
          Arrays.stream(outputs).map(v -> (v - mean) * (v - mean)).average().orElseThrow();
      scale = Math.sqrt(variance);
      y = Arrays.stream(outputs).map(v -> scale > 0 ? (v - mean) / scale : 0).toArray();
      for (int j = 0; j < n; j++) {
        double kept = 0;
        for (int i = 0; i < m; i++) {
          kept += masks.get(i, j) ? 1.0 / m : 0;
        }
        boolean varies = kept > 1e-9 && kept < 1 - 1e-9;
        deviation[j] = varies ? Math.sqrt(kept * (1 - kept)) : 0;
        for (int i = 0; i < m; i++) {
          z[i][j] = varies ? ((masks.get(i, j) ? 1 : 0) - kept) / deviation[j] : 0;
        }
        w[j] = scale > 0 ? start[j] * deviation[j] / scale : 0;
      }
    }

    void run(int batch, long seed) {
      int m = z.length;
      int n = w.length;
      SplittableRandom random = RandomStreams.stream(seed, m);
      int[] order = new int[m];
      Arrays.setAll(order, i -> i);
      double[][] stored = new double[m][n];
      boolean moving = true;
      while (moving) {
        double[] before = w.clone();
        RandomStreams.shuffle(order, order.length, random);
        for (int from = 0; from < m; from += batch) {
          int to = Math.min(m, from + batch);
          double[] step = new double[n];
          double[][] fresh = new double[m][];
          for (int at = from; at < to; at++) {
            int i = order[at];
            double residual = -y[i];
            for (int j = 0; j < n; j++) {
              residual += z[i][j] * w[j];
            }
            fresh[i] = new double[n];
            for (int j = 0; j < n; j++) {
              fresh[i][j] = residual * z[i][j];
              step[j] += (fresh[i][j] - stored[i][j]) / (to - from);
            }
          }
          for (double[] old : stored) {
            for (int j = 0; j < n; j++) {
              step[j] += old[j] / m;
            }
          }
          for (int at = from; at < to; at++) {
            stored[order[at]] = fresh[order[at]];
          }
          for (int j = 0; j < n; j++) {
            w[j] -= 1e-3 * step[j];
          }
        }
        epochs++;
        moving = epochs % 3 != 0;
        for (int j = 0; j < n; j++) {
          moving |= Math.pow(deviation[j] * (w[j] - before[j]), 2) >= 1e-10;
        }
      }
    }

    double[] attributions() {
      double[] theta = new double[w.length];
      for (int j = 0; j < w.length; j++) {
        theta[j] = deviation[j] > 0 ? w[j] * scale / deviation[j] : 0;
      }
      return theta;
    }
  }
}
