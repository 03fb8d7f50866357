package io.ablate.evaluate;

import com.fasterxml.jackson.databind.PropertyNamingStrategies.SnakeCaseStrategy;
import com.fasterxml.jackson.databind.annotation.JsonNaming;
import io.ablate.base.Problem;
import io.ablate.base.UsageException;
import io.ablate.dataset.ComponentDataset;
import io.ablate.dataset.StoppingRule;
import io.ablate.estimate.AutoEstimator;
import io.ablate.estimate.CrossValidation;
import io.ablate.estimate.Estimator;
import io.ablate.estimate.FitContext;
import io.ablate.estimate.TrainingData;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Ends a collection when its rows predict each other well enough: the lower end of the 95 %
 * interval of the cross-validated LDS has reached a target. No row is set aside, so that every pass
 * which is spent also serves the fit.
 *
 * <p>Looks are taken after 64 rows and then in ratios of √2. The estimate is the LDS of models of
 * four fifths of the rows: a little below that of the model of all of them. The interval covers the
 * draw of examples and masks ({@link Bootstrap}) at one look; a target that is just missed gets a
 * chance of at most 2.5 % per look of being called reached. {@code auto} chooses its method once
 * per look, on the same rows. Not thread-safe; for one collection.
 */
public final class UntilLds implements StoppingRule {
  private static final int FIRST = 64;
  private static final int FEWEST = 20;
  private static final int FOLDS = 5;

  private final double target;
  private final Estimator method;
  private final FitContext context;
  private final List<Look> looks = new ArrayList<>();

  /**
   * The score after some rows.
   *
   * @param method the one scored; what {@code auto} chose
   * @param ldsMean mean over the examples
   * @param ldsCi its 95 % interval
   */
  @JsonNaming(SnakeCaseStrategy.class)
  public record Look(int rows, String method, double ldsMean, double[] ldsCi) {}

  /**
   * How a collection ended.
   *
   * @param target the LDS asked for
   * @param method the one asked for
   * @param reached whether the lower end of the last interval is at the target or above
   * @param rows that the decision rests on
   * @param looks in order
   */
  @JsonNaming(SnakeCaseStrategy.class)
  public record Outcome(
      double target,
      String method,
      int folds,
      int draws,
      long seed,
      boolean reached,
      int rows,
      List<Look> looks) {
    /** The last one. */
    public Look last() {
      return looks.getLast();
    }
  }

  /**
   * @param target between 0 and 1
   * @param method to score, of forward passes only
   * @throws UsageException if the target is impossible or the method needs gradient passes
   */
  public UntilLds(double target, Estimator method, FitContext context) {
    if (!(target > 0 && target < 1)) {
      throw new UsageException(
          Problem.of("impossible target of LDS")
              .expected("a number between 0 and 1")
              .found(target));
    }
    if (method.usesGradients() && !(method instanceof AutoEstimator)) {
      throw new UsageException(
          Problem.of("method " + method.name() + " needs gradient passes")
              .remedy("a collection until an LDS is one of forward passes: choose another method"));
    }
    this.target = target;
    this.method = method;
    this.context = context;
  }

  @Override
  public int[] looks(int most) {
    if (most < FEWEST) {
      throw new UsageException(
          Problem.of("too few masks to score by")
              .expected("room for " + FEWEST + " or more")
              .found(most));
    }
    return IntStream.concat(
            IntStream.iterate(0, step -> step + 1)
                .map(step -> (int) Math.round(FIRST * Math.pow(2, step / 2.0)))
                .takeWhile(rows -> rows < most),
            IntStream.of(most))
        .toArray();
  }

  @Override
  public boolean enough(ComponentDataset dataset, int rows) {
    int[] first = dataset.firstCompleted(rows);
    TrainingData data = TrainingData.of(dataset, first).withLogits(dataset, first, List.of(method));
    Look look = look(data);
    looks.add(look);
    return reached(look);
  }

  /** Scores by cross-validation. */
  Look look(TrainingData data) {
    Estimator scored =
        method instanceof AutoEstimator ? AutoEstimator.forRows(data, context) : method;
    double[][] predicted = CrossValidation.predict(scored, data, FOLDS, context);
    double[] draws =
        new Bootstrap(data.examples(), data.rows(), Bootstrap.DRAWS, context.seed())
            .means(predicted, data.outputs());
    double mean = Arrays.stream(Lds.spearman(predicted, data.outputs())).average().orElse(0);
    return new Look(data.rows(), scored.name(), mean, Bootstrap.interval(draws));
  }

  private boolean reached(Look look) {
    return look.ldsCi()[0] >= target;
  }

  /** How the collection ended; null before the first look. */
  public @Nullable Outcome outcome() {
    if (looks.isEmpty()) {
      return null;
    }
    Look last = looks.getLast();
    return new Outcome(
        target,
        method.name(),
        FOLDS,
        Bootstrap.DRAWS,
        context.seed(),
        reached(last),
        last.rows(),
        List.copyOf(looks));
  }
}
