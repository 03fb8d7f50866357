package io.ablate.estimate;

import io.ablate.base.InterruptedRunException;
import io.ablate.base.Problem;
import io.ablate.base.RandomStreams;
import io.ablate.base.UsageException;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.hipparchus.distribution.continuous.TDistribution;

/**
 * How far attributions would scatter if other masks had been drawn, without new passes: the method
 * is fitted again to random subsamples of the rows.
 *
 * <p>Subsamples are drawn without replacement (the delete-d jackknife of Shao and Wu 1989, at
 * random; d = m/2 is half-sampling): a bootstrap would put copies of a row on both sides of every
 * leave-one-out or cross-validation within the method, and hand minimum-norm solutions fewer
 * distinct rows. With r of m rows in a subsample, the variance between refits times r/(m − r)
 * estimates the variance of the fit to all m rows.
 *
 * <p>The spread is that of the estimator: what shrinkage holds back in every refit alike, its bias,
 * is not in it. Cost: {@code refits} fits to {@link #SHARE} of the rows.
 *
 * @param refits number of subsamples
 * @param subsample rows in each of them
 * @param standardErrors examples × n
 * @param lower examples × n: lower ends of the 95 % intervals, by Student's t with refits − 1
 *     degrees of freedom
 * @param upper examples × n: upper ends
 */
public record Intervals(
    int refits, int subsample, double[][] standardErrors, double[][] lower, double[][] upper) {
  /** The least number of refits from which a standard error is told. */
  public static final int FEWEST_REFITS = 10;

  /** Rows below which subsamples tell nothing. */
  private static final int FEWEST_ROWS = 10;

  /** Share of the rows in a subsample. */
  private static final double SHARE = .8;

  private static final double LEVEL = .975;

  /**
   * Fits again and again. Deterministic given the context's seed; tells progress in the stage
   * {@code "intervals"}.
   *
   * @param method what made {@code models}; of {@link AutoEstimator} the method that it chose
   * @param models the fit to all rows of {@code data}
   * @param refits at least {@link #FEWEST_REFITS}; the standard errors themselves are then known to
   *     about 1/√(2·refits)
   * @throws UsageException as {@link #require}
   * @throws InterruptedRunException if the thread is interrupted
   */
  public static Intervals of(
      Estimator method, ComponentModels models, TrainingData data, int refits, FitContext context) {
    require(method, data, refits);
    Estimator refitted = method instanceof AutoEstimator ? AutoEstimator.chosen(models) : method;
    int subsample = (int) Math.round(SHARE * data.rows());
    FitContext quiet = context.quiet();
    Spread spread = new Spread(data.examples(), data.columns());
    context.progress().update("intervals", 0, refits);
    for (int refit = 0; refit < refits; refit++) {
      if (Thread.currentThread().isInterrupted()) {
        throw new InterruptedRunException(Problem.of("fit interrupted").at("intervals"));
      }
      int[] rows = subsample(data.rows(), subsample, RandomStreams.stream(context.seed(), refit));
      spread.add(refitted.fit(data.select(rows), quiet).attributions());
      context.progress().update("intervals", refit + 1L, refits);
    }
    double[][] errors =
        spread.deviations(Math.sqrt(subsample / (double) (data.rows() - subsample)));
    double factor = new TDistribution(refits - 1).inverseCumulativeProbability(LEVEL);
    return new Intervals(
        refits,
        subsample,
        errors,
        shifted(models.attributions(), errors, -factor),
        shifted(models.attributions(), errors, factor));
  }

  /**
   * Checks before any work.
   *
   * @throws UsageException if there are too few refits or rows, or the method would use gradients,
   *     of which only sums over passes are kept
   */
  public static void require(Estimator method, TrainingData data, int refits) {
    requireEnough(refits);
    GradientData gradients = data.gradients();
    if (method.usesGradients() && gradients != null && gradients.passes() > 0) {
      throw new UsageException(
          Problem.of("intervals resample rows, and of gradient passes only sums are kept")
              .at("method " + method.name())
              .remedy(
                  "leave the gradients out with --gradients 0, or use the standard errors that the"
                      + " method gives by itself"));
    }
    if (data.rows() < FEWEST_ROWS) {
      throw new UsageException(
          Problem.of("too few samples for intervals")
              .expected("at least " + FEWEST_ROWS)
              .found(data.rows()));
    }
  }

  /** {@code count} different rows of {@code rows}, ascending. */
  private static int[] subsample(int rows, int count, SplittableRandom random) {
    int[] order = IntStream.range(0, rows).toArray();
    for (int i = 0; i < count; i++) {
      int at = i + random.nextInt(rows - i);
      int chosen = order[at];
      order[at] = order[i];
      order[i] = chosen;
    }
    int[] chosen = Arrays.copyOf(order, count);
    Arrays.sort(chosen);
    return chosen;
  }

  private static double[][] shifted(double[][] values, double[][] errors, double factor) {
    double[][] shifted = new double[values.length][];
    for (int e = 0; e < values.length; e++) {
      int example = e;
      shifted[e] = new double[values[e].length];
      Arrays.setAll(shifted[e], i -> values[example][i] + factor * errors[example][i]);
    }
    return shifted;
  }

  /** Running means and sums of squared deviations (Welford 1962): refits need not be kept. */
  private static final class Spread {
    private final double[][] mean;
    private final double[][] squares;
    private int count;

    Spread(int examples, int columns) {
      mean = new double[examples][columns];
      squares = new double[examples][columns];
    }

    void add(double[][] values) {
      count++;
      for (int e = 0; e < mean.length; e++) {
        for (int i = 0; i < mean[e].length; i++) {
          double before = values[e][i] - mean[e][i];
          mean[e][i] += before / count;
          squares[e][i] += before * (values[e][i] - mean[e][i]);
        }
      }
    }

    double[][] deviations(double factor) {
      return Arrays.stream(squares)
          .map(
              example ->
                  Arrays.stream(example)
                      .map(sum -> factor * Math.sqrt(sum / (count - 1)))
                      .toArray())
          .toArray(double[][]::new);
    }
  }

  /**
   * Checks what can be checked before there are any data.
   *
   * @throws UsageException if there are too few refits
   */
  public static void requireEnough(int refits) {
    if (refits < FEWEST_REFITS) {
      throw new UsageException(
          Problem.of("too few refits for intervals")
              .expected(FEWEST_REFITS + " or more")
              .found(refits));
    }
  }
}
