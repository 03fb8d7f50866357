package io.ablate.estimate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.ablate.linalg.EjmlLinearAlgebra;
import io.ablate.mask.MaskMatrix;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What every {@link LassoSolver} owes an estimator, against dense centred columns. */
public abstract class LassoSolverContract {
  private static final double KEEP = .8;

  protected abstract LassoSolver solver();

  private record Problem(MaskMatrix masks, double[][] y, Folds folds, LassoFolds maker) {
    static Problem of(int m, int n, int folds, int examples) {
      MaskMatrix masks = LassoRowsContract.masks(m, n, KEEP);
      double[][] y = SyntheticData.linear(masks, examples, .3, 2).outputs();
      Folds dealt = Folds.of(m, folds, 5);
      double[][] byRank =
          Arrays.stream(y)
              .map(own -> Arrays.stream(dealt.order()).mapToDouble(row -> own[row]).toArray())
              .toArray(double[][]::new);
      FoldedColumns x = new FoldedColumns(masks, dealt);
      return new Problem(
          masks, y, dealt, new LassoFolds(new EjmlLinearAlgebra(), masks, x, byRank, true));
    }

    /** An example on all rows but a fold's, from the definition. */
    LassoRowsContract.Dense dense(int example, int leftOut) {
      int[] rows =
          IntStream.range(0, folds.rows())
              .filter(rank -> !isLeftOut(rank, leftOut))
              .map(rank -> folds.order()[rank])
              .toArray();
      return new LassoRowsContract.Dense(masks, y[example], rows);
    }

    private boolean isLeftOut(int rank, int fold) {
      return fold >= 0 && rank >= folds.start()[fold] && rank < folds.start()[fold + 1];
    }

    double heldOutError(LassoRowsContract.Dense dense, int example, int fold, double[] theta) {
      return IntStream.range(folds.start()[fold], folds.start()[fold + 1])
          .map(rank -> folds.order()[rank])
          .mapToDouble(row -> Math.pow(y[example][row] - dense.predict(masks, row, theta), 2))
          .sum();
    }
  }

  @ParameterizedTest
  @CsvSource({"60,1,4,1", "80,31,5,2", "70,33,5,3", "110,65,4,2", "40,64,2,4"})
  void shouldMeetTheOptimalityConditions(int m, int n, int folds, int examples) {
    Problem problem = Problem.of(m, n, folds, examples);
    for (int fold = -1; fold < folds; fold += 3) {
      LassoFold rows = fold < 0 ? problem.maker.all() : problem.maker.without(fold);
      int[] all = IntStream.range(0, examples).toArray();
      try (LassoSolver.Rows shared = solver().rows(List.of(rows));
          LassoSolver.Block block = shared.block(all)) {
        LassoSolver.Descents descents = block.on(0);
        double[] greatest = descents.greatestLambda();
        for (double share : new double[] {.5, .2, .05}) {
          double[] lambda = Arrays.stream(greatest).map(v -> share * v).toArray();
          descents.solve(lambda, 1e-8);
          for (int e = 0; e < examples; e++) {
            check(problem.dense(e, fold), lambda[e], descents.theta()[e]);
          }
        }
        for (int e = 0; fold >= 0 && e < examples; e++) {
          double expected =
              problem.heldOutError(problem.dense(e, fold), e, fold, descents.theta()[e]);
          assertThat(descents.heldOutErrors()[e])
              .isCloseTo(expected, within(1e-9 * (1 + expected)));
        }
      }
    }
  }

  private static void check(LassoRowsContract.Dense dense, double lambda, double[] theta) {
    System.arraycopy(theta, 0, dense.theta, 0, theta.length);
    double[] gradients = dense.gradients();
    int nonZero = 0;
    for (int j = 0; j < theta.length; j++) {
      if (theta[j] == 0) {
        assertThat(Math.abs(gradients[j])).isLessThanOrEqualTo(lambda * (1 + 1e-5));
      } else {
        nonZero++;
        assertThat(gradients[j]).isCloseTo(Math.signum(theta[j]) * lambda, within(1e-5 * lambda));
      }
    }
    assertThat(nonZero).isPositive();
  }

  @Test
  void shouldStayAtZeroAtTheGreatestLambdaOnly() {
    Problem problem = Problem.of(60, 17, 5, 2);
    try (LassoSolver.Rows shared = solver().rows(List.of(problem.maker.all()));
        LassoSolver.Block block = shared.block(new int[] {1, 0})) {
      LassoSolver.Descents descents = block.on(0);
      double[] greatest = descents.greatestLambda();
      assertThat(greatest[0])
          .isCloseTo(
              Arrays.stream(problem.dense(1, -1).gradients()).map(Math::abs).max().orElseThrow(),
              within(1e-9));
      descents.solve(greatest, 1e-8);
      for (double[] theta : descents.theta()) {
        assertThat(theta).containsOnly(0);
      }
      descents.solve(Arrays.stream(greatest).map(v -> .99 * v).toArray(), 1e-8);
      for (double[] theta : descents.theta()) {
        assertThat(Arrays.stream(theta).filter(v -> v != 0).count()).isPositive();
      }
    }
  }

  @Test
  void shouldLetAnExampleStandStill() {
    Problem problem = Problem.of(60, 17, 5, 2);
    try (LassoSolver.Rows shared = solver().rows(List.of(problem.maker.without(2)));
        LassoSolver.Block block = shared.block(new int[] {0, 1})) {
      LassoSolver.Descents descents = block.on(0);
      double[] greatest = descents.greatestLambda();
      descents.solve(new double[] {.3 * greatest[0], .3 * greatest[1]}, 1e-6);
      double[][] before = descents.theta();
      descents.solve(new double[] {Double.NaN, .1 * greatest[1]}, 1e-6);
      double[][] after = descents.theta();
      assertThat(after[0]).isEqualTo(before[0]);
      assertThat(after[1]).isNotEqualTo(before[1]);
      descents.solve(new double[] {.1 * greatest[0], Double.NaN}, 1e-8);
      check(problem.dense(0, 2), .1 * greatest[0], descents.theta()[0]);
    }
  }

  @Test
  void shouldSolveAnExampleAsIfItWereAlone() {
    Problem problem = Problem.of(90, 37, 5, 3);
    double[][] together = path(problem, 0, 1, 2);
    for (int e = 0; e < 3; e++) {
      assertThat(path(problem, e)[0]).isEqualTo(together[e]);
    }
  }

  private double[][] path(Problem problem, int... examples) {
    try (LassoSolver.Rows shared = solver().rows(List.of(problem.maker.without(0)));
        LassoSolver.Block block = shared.block(examples)) {
      LassoSolver.Descents descents = block.on(0);
      for (double share : new double[] {.6, .3, .1}) {
        descents.solve(
            Arrays.stream(descents.greatestLambda()).map(v -> share * v).toArray(), 1e-3);
      }
      return descents.theta();
    }
  }
}
