package io.ablate.estimate;

import io.ablate.base.InterruptedRunException;
import io.ablate.base.Problem;
import io.ablate.base.RandomStreams;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.stream.IntStream;

/**
 * Predictions of rows by models that have not seen them, without rows set aside: the rows fall into
 * folds, the same for all examples and methods, and each fold is predicted by a model of the
 * others. Whatever a method tunes it tunes within each fit.
 */
public final class CrossValidation {
  /** The random stream of the folds, apart from those that methods draw from. */
  private static final long STREAM = 0x666f6c6473L;

  private CrossValidation() {}

  /**
   * Predicted deviations from the mean, examples × m. The mean is that of the rows fitted: left in,
   * it would order the folds against the outputs (a fold of high outputs is predicted by a model of
   * low ones).
   *
   * @param data without gradients, of which no fold could be left out
   * @param folds at least 2, at most m
   * @throws InterruptedRunException if the thread is interrupted
   */
  public static double[][] predict(
      Estimator method, TrainingData data, int folds, FitContext context) {
    int m = data.rows();
    if (folds < 2 || folds > m) {
      throw new IllegalArgumentException(folds + " folds of " + m + " rows");
    }
    int[] fold = folds(m, folds, context.seed());
    double[][] predicted = new double[data.examples()][m];
    for (int f = 0; f < folds; f++) {
      if (Thread.currentThread().isInterrupted()) {
        throw new InterruptedRunException(Problem.of("fit interrupted").at("cross-validation"));
      }
      int left = f;
      int[] in = IntStream.range(0, m).filter(row -> fold[row] != left).toArray();
      int[] out = IntStream.range(0, m).filter(row -> fold[row] == left).toArray();
      TrainingData fitted = data.select(in);
      double[][] deviations = method.fit(fitted, context.quiet()).predict(data.masks().select(out));
      for (int e = 0; e < predicted.length; e++) {
        double mean = Arrays.stream(fitted.outputs()[e]).average().orElse(0);
        for (int i = 0; i < out.length; i++) {
          predicted[e][out[i]] = deviations[e][i] - mean;
        }
      }
    }
    return predicted;
  }

  /**
   * Pearson's correlation of two samples; 0 where it does not exist.
   *
   * @param predicted m values
   * @param truth m values
   */
  static double correlation(double[] predicted, double[] truth) {
    double meanP = Arrays.stream(predicted).average().orElse(0);
    double meanT = Arrays.stream(truth).average().orElse(0);
    double pp = 0;
    double tt = 0;
    double pt = 0;
    for (int i = 0; i < predicted.length; i++) {
      double p = predicted[i] - meanP;
      double t = truth[i] - meanT;
      pp += p * p;
      tt += t * t;
      pt += p * t;
    }
    double correlation = pt / Math.sqrt(pp * tt);
    return Double.isFinite(correlation) ? correlation : 0;
  }

  /** The fold of every row; sizes differ by one at most. */
  private static int[] folds(int rows, int folds, long seed) {
    int[] fold = IntStream.range(0, rows).map(row -> row % folds).toArray();
    SplittableRandom random = RandomStreams.stream(seed, STREAM);
    RandomStreams.shuffle(fold, rows, random);
    return fold;
  }
}
