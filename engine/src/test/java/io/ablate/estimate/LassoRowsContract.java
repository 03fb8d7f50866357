package io.ablate.estimate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.ablate.linalg.EjmlLinearAlgebra;
import io.ablate.mask.MaskMatrix;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.function.IntToDoubleFunction;
import java.util.stream.IntStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What both forms of a lasso's rows owe coordinate descent, against dense centred columns. */
abstract class LassoRowsContract {
  private static final int EXAMPLES = 3;

  abstract boolean byGram();

  @ParameterizedTest
  @CsvSource({"67,31,10,.9", "31,67,7,.9", "13,1,2,.9", "2,5,2,.9", "53,29,10,.2", "40,11,4,.5"})
  void shouldKnowTheGradientWhereverItMoves(int m, int n, int foldCount, double keep) {
    MaskMatrix masks = masks(m, n, keep);
    double[][] y = SyntheticData.linear(masks, EXAMPLES, .3, 2).outputs();
    Folds folds = Folds.of(m, foldCount, 5);
    LassoFolds maker = maker(masks, folds, y);
    for (int f = -1; f < foldCount; f += 2) {
      LassoFold fold = f < 0 ? maker.all() : maker.without(f);
      for (int e = 0; e < EXAMPLES; e++) {
        LassoRows rows = fold.example(e);
        Dense dense = new Dense(masks, y[e], training(folds, f));
        SplittableRandom random = new SplittableRandom(e);
        for (int move = 0; move < 2 * n; move++) {
          check(rows, dense, n);
          int j = random.nextInt(n);
          double change = random.nextDouble() - .5;
          rows.move(j, change);
          dense.theta[j] += change;
        }
        check(rows, dense, n);
      }
    }
  }

  private static void check(LassoRows rows, Dense dense, int n) {
    assertThat(rows.columns()).isEqualTo(n);
    assertThat(rows.outputSquare()).isCloseTo(dense.outputSquare(), within(1e-9));
    double[] gradients = rows.gradients().clone();
    assertThat(gradients).containsExactly(dense.gradients(), within(1e-6));
    assertThat(each(n, rows::gradient)).containsExactly(gradients, within(1e-12));
    assertThat(each(n, rows::square)).containsExactly(each(n, dense::square), within(1e-7));
  }

  private static double[] each(int n, IntToDoubleFunction ofColumn) {
    return IntStream.range(0, n).mapToDouble(ofColumn).toArray();
  }

  @ParameterizedTest
  @CsvSource({"67,31,10,.9,.05", "31,67,7,.9,.2", "53,29,10,.2,.02", "43,13,2,.9,1e-3"})
  void shouldFindWhatProximalGradientFindsAndPredictTheFoldLeftOut(
      int m, int n, int foldCount, double keep, double share) {
    MaskMatrix masks = masks(m, n, keep);
    double[][] y = SyntheticData.linear(masks, EXAMPLES, .3, 2).outputs();
    Folds folds = Folds.of(m, foldCount, 5);
    LassoFolds maker = maker(masks, folds, y);
    for (int f = 0; f < foldCount; f += 4) {
      LassoFold fold = maker.without(f);
      int e = f % EXAMPLES;
      CoordinateDescent descent = new CoordinateDescent(fold.example(e));
      double lambda = share * descent.greatestLambda();
      // Over two points of the path, so that one starts from the other.
      descent.solve(3 * lambda, 1e-3);
      descent.solve(lambda, 1e-8);
      Dense dense = new Dense(masks, y[e], training(folds, f));
      dense.proximalGradient(lambda);
      // Where columns are equal on these rows, only predictions there are unique.
      int[] training = training(folds, f);
      assertThat(each(training.length, i -> dense.predict(masks, training[i], descent.theta())))
          .containsExactly(
              each(training.length, i -> dense.predict(masks, training[i], dense.theta)),
              within(1e-4));
      double sum = 0;
      for (int rank = folds.start()[f]; rank < folds.start()[f + 1]; rank++) {
        int row = folds.order()[rank];
        sum += Math.pow(y[e][row] - dense.predict(masks, row, descent.theta()), 2);
      }
      assertThat(fold.heldOutError(e, descent)).isCloseTo(sum, within(1e-9 * (1 + sum)));
    }
  }

  @ParameterizedTest
  @CsvSource({"67,31", "31,67"})
  void shouldGiveZeroAtTheGreatestLambdaOnly(int m, int n) {
    MaskMatrix masks = masks(m, n, .9);
    double[][] y = SyntheticData.linear(masks, EXAMPLES, .3, 2).outputs();
    LassoFold all = maker(masks, Folds.of(m, 10, 5), y).all();
    CoordinateDescent descent = new CoordinateDescent(all.example(0));
    descent.solve(descent.greatestLambda(), 1e-8);
    assertThat(descent.nonZero()).isZero();
    descent.solve(.99 * descent.greatestLambda(), 1e-8);
    assertThat(descent.nonZero()).isPositive();
  }

  private LassoFolds maker(MaskMatrix masks, Folds folds, double[][] y) {
    double[][] byRank = new double[y.length][];
    for (int e = 0; e < y.length; e++) {
      double[] own = y[e];
      byRank[e] = Arrays.stream(folds.order()).mapToDouble(row -> own[row]).toArray();
    }
    return new LassoFolds(
        new EjmlLinearAlgebra(), masks, new FoldedColumns(masks, folds), byRank, byGram());
  }

  private static int[] training(Folds folds, int leftOut) {
    return IntStream.range(0, folds.rows())
        .filter(
            rank ->
                leftOut < 0 || rank < folds.start()[leftOut] || rank >= folds.start()[leftOut + 1])
        .map(rank -> folds.order()[rank])
        .toArray();
  }

  static MaskMatrix masks(int m, int n, double keep) {
    SplittableRandom random = new SplittableRandom(m);
    MaskMatrix masks = new MaskMatrix(m, n);
    for (int i = 0; i < m * n; i++) {
      masks.set(i / n, i % n, random.nextDouble() < keep);
    }
    return masks;
  }

  /** Everything from the definition. */
  static final class Dense {
    private final double[][] x;
    private final double[] y;
    private final double[] columnMeans;
    private final double mean;
    final double[] theta;

    Dense(MaskMatrix masks, double[] outputs, int[] rows) {
      int n = masks.columns();
      x = new double[rows.length][n];
      y = new double[rows.length];
      theta = new double[n];
      columnMeans = new double[n];
      mean = Arrays.stream(rows).mapToDouble(row -> outputs[row]).average().orElseThrow();
      for (int j = 0; j < n; j++) {
        int column = j;
        columnMeans[j] =
            Arrays.stream(rows).mapToDouble(row -> masks.get(row, column) ? 1 : 0).sum()
                / rows.length;
      }
      for (int i = 0; i < rows.length; i++) {
        y[i] = outputs[rows[i]] - mean;
        for (int j = 0; j < n; j++) {
          x[i][j] = (masks.get(rows[i], j) ? 1 : 0) - columnMeans[j];
        }
      }
    }

    double outputSquare() {
      return Arrays.stream(y).map(v -> v * v).sum() / y.length;
    }

    double square(int j) {
      return Arrays.stream(x).mapToDouble(row -> row[j] * row[j]).sum() / y.length;
    }

    /** Of every column. */
    double[] gradients() {
      double[] gradients = new double[theta.length];
      for (int i = 0; i < y.length; i++) {
        double residual = y[i];
        for (int j = 0; j < theta.length; j++) {
          residual -= x[i][j] * theta[j];
        }
        for (int j = 0; j < theta.length; j++) {
          gradients[j] += x[i][j] * residual / y.length;
        }
      }
      return gradients;
    }

    double predict(MaskMatrix masks, int row, double[] coefficients) {
      double sum = mean;
      for (int j = 0; j < coefficients.length; j++) {
        sum += coefficients[j] * ((masks.get(row, j) ? 1 : 0) - columnMeans[j]);
      }
      return sum;
    }

    /** ISTA, with the trace as a bound on the greatest eigenvalue, until it stands still. */
    void proximalGradient(double lambda) {
      double bound = IntStream.range(0, theta.length).mapToDouble(this::square).sum();
      double moved = 1;
      for (int step = 0; step < 200_000 && moved > 1e-8; step++) {
        double[] gradients = gradients();
        moved = 0;
        for (int j = 0; j < theta.length; j++) {
          double next = theta[j] + gradients[j] / bound;
          next = Math.signum(next) * Math.max(0, Math.abs(next) - lambda / bound);
          moved = Math.max(moved, Math.abs(next - theta[j]));
          theta[j] = next;
        }
      }
    }
  }
}
