package io.ablate.estimate;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * Lasso with an unpenalised intercept: ‖y − b − Xθ‖²/2m + λ‖θ‖₁ (Tibshirani 1996), by coordinate
 * descent over a path of falling λ. λ is chosen per example by ten-fold cross-validation: the one
 * of least error, for of the two usual rules that with the margin of one standard error chose far
 * too much penalty here. Choose it where few components matter.
 *
 * <p>The masks are shared by all examples, so the centred Gram matrix of each fold is formed once
 * for all; the rest runs example by example, in parallel. Where these matrices would need more than
 * 1 GiB, or have many more columns than there are rows, the residuals over the listed rows of every
 * column take their place, which needs 4 bytes per ablated entry of the masks. Cost of an example:
 * folds · λ · sweeps · non-zero coefficients · min(n, m/5).
 */
public final class LassoEstimator implements Estimator {
  /** The name of this method. */
  public static final String NAME = "lasso";

  private static final int FOLDS = 10;

  /** Ratio of neighbours on the path. */
  private static final double STEP = .8;

  /** End of the path, as a share of the least λ whose solution is 0. */
  private static final double LEAST = 1e-4;

  /** Steps without a lesser error after which the path ends. */
  private static final int PATIENCE = 2;

  /**
   * Steps that every path takes, down to a tenth of the greatest λ: before, few rows make errors
   * that rise by chance.
   */
  private static final int FEWEST_STEPS = 10;

  private static final double PATH_TOLERANCE = 3e-3;
  private static final double TOLERANCE = 1e-6;

  /** Most memory for Gram matrices. */
  static final long GRAM_BYTES = 1L << 30;

  /** Components per row up to which a move by the Gram matrix is the cheaper one. */
  private static final int COLUMNS_PER_ROW = 4;

  private final long gramBytes;

  public LassoEstimator() {
    this(GRAM_BYTES);
  }

  LassoEstimator(long gramBytes) {
    this.gramBytes = gramBytes;
  }

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public ComponentModels fit(TrainingData data, FitContext context) {
    CentredOutputs y = CentredOutputs.of(data);
    CentredMasks centred = new CentredMasks(context.algebra(), data.masks());
    int examples = data.examples();
    int n = data.columns();
    if (examples == 0 || n == 0) {
      return y.models(NAME, centred, new double[n * examples], Map.of());
    }
    ContentOrder content = ContentOrder.of(data.masks());
    Folds folds = Folds.of(data.rows(), Math.min(FOLDS, data.rows()), context.seed());
    FoldedColumns x = new FoldedColumns(content.masks(), folds);
    double[][] outputs = new double[examples][];
    for (int e = 0; e < examples; e++) {
      double[] values = y.example(e);
      outputs[e] = Arrays.stream(folds.order()).mapToDouble(row -> values[row]).toArray();
    }
    long bytes = bytes(n, folds.count());
    boolean byGram = bytes <= gramBytes && n <= (long) COLUMNS_PER_ROW * data.rows();
    LassoFolds maker = new LassoFolds(context.algebra(), content.masks(), x, outputs, byGram);
    LassoFold all = maker.all();
    LassoFold[] rest = new LassoFold[folds.count()];
    for (int f = 0; f < rest.length; f++) {
      context.progress().update("Gram matrices", f, rest.length);
      rest[f] = maker.without(f);
    }
    List<Fit> fits = Parallel.map("lasso", examples, context, e -> fit(all, rest, e));
    double[] theta = new double[n * examples];
    for (int e = 0; e < examples; e++) {
      double[] own = content.restore(fits.get(e).theta());
      for (int j = 0; j < n; j++) {
        theta[j * examples + e] = own[j];
      }
    }
    double rows = data.rows();
    return y.models(
        NAME,
        centred,
        theta,
        Map.of(
            "form",
            byGram ? "gram" : "residuals",
            "gram_bytes",
            byGram ? bytes : 0L,
            "folds",
            folds.count(),
            "lambda",
            fits.stream().mapToDouble(Fit::lambda).toArray(),
            "non_zero",
            IntStream.range(0, examples).map(e -> fits.get(e).nonZero()).toArray(),
            "cross_validation_rms",
            fits.stream().mapToDouble(fit -> Math.sqrt(fit.error() / rows)).toArray()));
  }

  /**
   * A matrix per fold and one of all rows in single precision, and while they are made two more.
   */
  private static long bytes(long n, int folds) {
    return n * n * (4L * (folds + 1) + 16);
  }

  /**
   * @param theta n, in the order of the sorted columns
   * @param lambda what was chosen
   * @param error sum of its squared errors over all folds
   * @param nonZero how many coefficients are not 0
   */
  private record Fit(double[] theta, double lambda, double error, int nonZero) {}

  private static Fit fit(LassoFold all, LassoFold[] rest, int e) {
    CoordinateDescent whole = new CoordinateDescent(all.example(e));
    CoordinateDescent[] parts = new CoordinateDescent[rest.length];
    for (int f = 0; f < parts.length; f++) {
      parts[f] = new CoordinateDescent(rest[f].example(e));
    }
    int steps = (int) Math.ceil(Math.log(LEAST) / Math.log(STEP));
    double[] lambda = new double[steps];
    Arrays.setAll(lambda, k -> whole.greatestLambda() * Math.pow(STEP, k));
    double[] errors = new double[steps];
    int best = 0;
    for (int k = 0; k < steps && (k <= FEWEST_STEPS || k - best <= PATIENCE); k++) {
      for (int f = 0; f < parts.length; f++) {
        parts[f].solve(lambda[k], PATH_TOLERANCE);
        errors[k] += rest[f].heldOutError(e, parts[f]);
      }
      best = errors[k] < errors[best] ? k : best;
    }
    for (int k = 0; k < best; k++) {
      whole.solve(lambda[k], PATH_TOLERANCE);
    }
    whole.solve(lambda[best], TOLERANCE);
    return new Fit(whole.theta(), lambda[best], errors[best], whole.nonZero());
  }
}
