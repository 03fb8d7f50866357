package io.ablate.estimate;

import io.ablate.base.Progress;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Cross-validation over a path of falling λ, for several examples side by side: every fold solves
 * for the next λ of all examples whose path has not ended. Thread-safe.
 */
final class LassoPaths implements AutoCloseable {
  /** Ratio of neighbours on the path. */
  private static final double STEP = .8;

  /** End of the path, as a share of the least λ whose solution is 0. */
  private static final double LEAST = 1e-4;

  private static final int STEPS = (int) Math.ceil(Math.log(LEAST) / Math.log(STEP));

  /** Steps without a lesser error after which the path ends. */
  private static final int PATIENCE = 2;

  /**
   * Steps that every path takes, down to a tenth of the greatest λ: before, few rows make errors
   * that rise by chance.
   */
  private static final int FEWEST_STEPS = 10;

  private static final double PATH_TOLERANCE = 3e-3;
  private static final double TOLERANCE = 1e-6;

  /** All rows, and after them every fold's complement. */
  private final LassoSolver.Rows rows;

  private final int folds;

  /** Makes what the examples share. */
  LassoPaths(LassoSolver solver, LassoFolds maker, Progress progress) {
    this.folds = maker.count();
    List<LassoFold> all = new ArrayList<>(List.of(maker.all()));
    for (int f = 0; f < folds; f++) {
      progress.update("Gram matrices", f, folds);
      all.add(maker.without(f));
    }
    this.rows = solver.rows(all);
  }

  /**
   * @param theta n, in the order of the sorted columns
   * @param lambda what was chosen
   * @param error sum of its squared errors over all folds
   */
  record Fit(double[] theta, double lambda, double error) {
    int nonZero() {
      return (int) Arrays.stream(theta).filter(value -> value != 0).count();
    }
  }

  /** The best λ of every example, and its solution on all rows. */
  List<Fit> fit(int[] examples) {
    try (LassoSolver.Block block = rows.block(examples)) {
      LassoSolver.Descents whole = block.on(0);
      List<LassoSolver.Descents> parts =
          IntStream.rangeClosed(1, folds).mapToObj(block::on).toList();
      double[] greatest = whole.greatestLambda();
      double[][] errors = new double[examples.length][STEPS];
      int[] best = validate(parts, greatest, errors);
      finish(whole, greatest, best);
      double[][] theta = whole.theta();
      List<Fit> fits = new ArrayList<>();
      for (int i = 0; i < theta.length; i++) {
        fits.add(new Fit(theta[i], lambda(greatest[i], best[i]), errors[i][best[i]]));
      }
      return fits;
    }
  }

  private static double lambda(double greatest, int step) {
    return greatest * Math.pow(STEP, step);
  }

  /** The step of least error of every example; fills in the errors of the steps before its end. */
  private static int[] validate(
      List<LassoSolver.Descents> parts, double[] greatest, double[][] errors) {
    int[] best = new int[greatest.length];
    double[] lambda = new double[greatest.length];
    for (int k = 0; k < STEPS; k++) {
      boolean any = false;
      for (int i = 0; i < best.length; i++) {
        boolean goesOn = k <= FEWEST_STEPS || k - best[i] <= PATIENCE;
        lambda[i] = goesOn && !Double.isNaN(lambda[i]) ? lambda(greatest[i], k) : Double.NaN;
        any |= !Double.isNaN(lambda[i]);
      }
      if (!any) {
        break;
      }
      for (LassoSolver.Descents part : parts) {
        part.solve(lambda, PATH_TOLERANCE);
        double[] some = part.heldOutErrors();
        for (int i = 0; i < best.length; i++) {
          errors[i][k] += some[i];
        }
      }
      for (int i = 0; i < best.length; i++) {
        boolean better = !Double.isNaN(lambda[i]) && errors[i][k] < errors[i][best[i]];
        best[i] = better ? k : best[i];
      }
    }
    return best;
  }

  /** All rows, by the same path down to the λ that was chosen. */
  private static void finish(LassoSolver.Descents whole, double[] greatest, int[] best) {
    double[] lambda = new double[best.length];
    int last = Arrays.stream(best).max().orElse(0);
    for (int k = 0; k < last; k++) {
      for (int i = 0; i < best.length; i++) {
        lambda[i] = k < best[i] ? lambda(greatest[i], k) : Double.NaN;
      }
      whole.solve(lambda, PATH_TOLERANCE);
    }
    for (int i = 0; i < best.length; i++) {
      lambda[i] = lambda(greatest[i], best[i]);
    }
    whole.solve(lambda, TOLERANCE);
  }

  @Override
  public void close() {
    rows.close();
  }
}
