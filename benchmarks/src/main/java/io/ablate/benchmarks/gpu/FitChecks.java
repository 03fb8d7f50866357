package io.ablate.benchmarks.gpu;

import io.ablate.benchmarks.Synthetic;
import io.ablate.estimate.ComponentModels;
import io.ablate.estimate.Estimator;
import io.ablate.estimate.Estimators;
import io.ablate.estimate.TrainingData;
import io.ablate.evaluate.Lds;
import io.ablate.linalg.LinearAlgebra;
import io.ablate.mask.BernoulliMasks;
import io.ablate.mask.MaskMatrix;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.Function;

/**
 * Products, factors and fits on the device and on the processor: numbers against the reference, and
 * the scores of what was fitted.
 */
final class FitChecks {
  /** Prime, so that no block and no warp is full. */
  private static final int ROWS = 613;

  private static final int COLUMNS = 389;

  /** Few for our kernels, and so many that a library does products where there is one. */
  private static final List<Integer> SIDES = List.of(7, 230);

  /** Double precision, sums of a few hundred terms. */
  private static final double DOUBLES = 1e-9;

  /** Single precision through a few hundred steps of training; of the scores. */
  private static final double SCORES = 5e-3;

  private static final int EXAMPLES = 4;
  private static final int TRAINED = 700;

  static final List<String> METHODS =
      List.of("least-squares", "ridge", "lasso", "relu", "relu-tuned");

  private FitChecks() {}

  static void run(Place place, List<String> methods, Results results) {
    MaskMatrix masks = MaskMatrix.of(new BernoulliMasks(3, 0.9, COLUMNS), 0, ROWS);
    compare("counts of shared ones", 0, place, results, algebra -> algebra.gram(masks));
    compare("kernel of masks", 0, place, results, algebra -> algebra.kernel(masks));
    SIDES.forEach(sides -> products(masks, sides, place, results));
    Synthetic data = new Synthetic(TRAINED + ROWS, COLUMNS, EXAMPLES, 6);
    for (String method : methods) {
      results.check(
          method + ", LDS there and here", SCORES, () -> scores(method, data.data, place));
    }
  }

  private static void products(MaskMatrix masks, int sides, Place place, Results results) {
    String many = ", " + sides + " columns";
    double[] narrow = random(COLUMNS * sides, 1);
    double[] wide = random(ROWS * sides, 2);
    compare(
        "masks times matrix" + many,
        DOUBLES,
        place,
        results,
        algebra -> algebra.times(masks, narrow, sides));
    compare(
        "masks, transposed, times matrix" + many,
        DOUBLES,
        place,
        results,
        algebra -> algebra.transposeTimes(masks, wide, sides));
    compare(
        "product of matrices" + many, DOUBLES, place, results, algebra -> product(algebra, sides));
    compare(
        "Cholesky factor and solves" + many,
        1e-7,
        place,
        results,
        algebra -> {
          double[] matrix = algebra.gram(masks);
          for (int i = 0; i < COLUMNS; i++) {
            matrix[i * (COLUMNS + 1)] += ROWS;
          }
          double[] solved = narrow.clone();
          if (!algebra.solvePositiveDefinite(matrix, COLUMNS, solved, sides)) {
            throw new IllegalStateException("not positive definite");
          }
          return solved;
        });
  }

  private static void compare(
      String what,
      double limit,
      Place place,
      Results results,
      Function<LinearAlgebra, double[]> work) {
    results.check(
        what,
        limit,
        () -> {
          double[] expected = work.apply(place.referenceAlgebra());
          double[] found = work.apply(place.algebra());
          double scale = 0;
          double largest = 0;
          for (int i = 0; i < expected.length; i++) {
            scale = Math.max(scale, Math.abs(expected[i]));
            double difference = Math.abs(found[i] - expected[i]);
            largest = difference <= largest ? largest : difference; // NaN stays
          }
          return largest / scale;
        });
  }

  private static double[] product(LinearAlgebra algebra, int sides) {
    double[] a = random(COLUMNS * ROWS, 4);
    double[] b = random(ROWS * sides, 5);
    double[] c = random(COLUMNS * sides, 6);
    algebra.multiply(true, false, COLUMNS, sides, ROWS, .5, transposed(a), b, 2, c);
    return c;
  }

  private static double[] transposed(double[] a) {
    double[] turned = new double[a.length];
    for (int i = 0; i < COLUMNS; i++) {
      for (int j = 0; j < ROWS; j++) {
        turned[j * COLUMNS + i] = a[i * ROWS + j];
      }
    }
    return turned;
  }

  /** The largest difference of an example's score on rows that were not fitted. */
  private static double scores(String method, TrainingData data, Place place) {
    Estimator estimator = Estimators.byName(method);
    TrainingData train = data.first(TRAINED);
    TrainingData held = data.rows(TRAINED, data.rows());
    ComponentModels there = estimator.fit(train, place.context());
    ComponentModels here = estimator.fit(train, place.referenceContext());
    double[] found = Lds.spearman(there.predict(held.masks()), held.outputs());
    double[] expected = Lds.spearman(here.predict(held.masks()), held.outputs());
    double largest = 0;
    for (int e = 0; e < expected.length; e++) {
      if (expected[e] < .1) {
        throw new IllegalStateException("the reference fits nothing: LDS " + expected[e]);
      }
      largest = Math.max(largest, Math.abs(found[e] - expected[e]));
    }
    return largest;
  }

  private static double[] random(int count, long seed) {
    return new SplittableRandom(seed).doubles(count, -1, 1).toArray();
  }
}
