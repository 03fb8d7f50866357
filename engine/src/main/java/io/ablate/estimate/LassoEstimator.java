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
 * for all; the rest runs example by example, in parallel, or side by side where a device does it
 * ({@link LassoSolver}). Where these matrices would need more than 1 GiB, or have many more columns
 * than there are rows, the residuals over the listed rows of every column take their place, which
 * needs 4 bytes per ablated entry of the masks. Cost of an example: folds · λ · sweeps · non-zero
 * coefficients · min(n, m/5).
 */
public final class LassoEstimator implements Estimator {
  /** The name of this method. */
  public static final String NAME = "lasso";

  private static final int FOLDS = 10;

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
    LassoSolver solver = byGram ? context.lasso() : LassoSolver.reference();
    List<LassoPaths.Fit> fits = fits(solver, maker, examples, context);
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
            "solver",
            solver.name(),
            "gram_bytes",
            byGram ? bytes : 0L,
            "folds",
            folds.count(),
            "lambda",
            fits.stream().mapToDouble(LassoPaths.Fit::lambda).toArray(),
            "non_zero",
            IntStream.range(0, examples).map(e -> fits.get(e).nonZero()).toArray(),
            "cross_validation_rms",
            fits.stream().mapToDouble(fit -> Math.sqrt(fit.error() / rows)).toArray()));
  }

  private static List<LassoPaths.Fit> fits(
      LassoSolver solver, LassoFolds maker, int examples, FitContext context) {
    try (LassoPaths paths = new LassoPaths(solver, maker, context.progress())) {
      // θ, a gradient and a list, of every fold and of all rows; outputs left out, of every fold.
      long bytes =
          (2L * Double.BYTES + Integer.BYTES) * maker.columns() * (maker.count() + 1)
              + (long) Double.BYTES * maker.rows();
      int together = solver.examplesTogether(examples, bytes);
      return Parallel.map(
              "lasso",
              Math.ceilDiv(examples, together),
              context.withThreads(solver.callsAtOnce(context.threads())),
              block ->
                  paths.fit(
                      IntStream.range(block * together, Math.min(examples, (block + 1) * together))
                          .toArray()))
          .stream()
          .flatMap(List::stream)
          .toList();
    }
  }

  /**
   * A matrix per fold and one of all rows in single precision, and while they are made two more.
   */
  private static long bytes(long n, int folds) {
    return n * n * (4L * (folds + 1) + 16);
  }
}
