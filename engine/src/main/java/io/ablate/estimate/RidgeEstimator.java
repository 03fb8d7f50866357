package io.ablate.estimate;

import io.ablate.base.Progress;
import io.ablate.linalg.LinearAlgebra;
import io.ablate.linalg.MaskRidge;
import java.util.Arrays;
import java.util.Map;
import java.util.function.DoubleFunction;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Ridge regression with an unpenalised intercept; λ is chosen per example by the exact
 * leave-one-out error on a grid, at the price of one eigendecomposition shared by all examples.
 *
 * <p>With the thin basis Q of X̃ and h_i(λ) = 1/m + Σ_k Q_ik² g_k(λ), the error of leaving row i
 * out is r_i / (1 − h_i), r the residual of the fit to all rows (Golub, Heath, Wahba 1979; the 1/m
 * is the intercept's share). The grid covers 1e-3 to 1e3 times the mean eigenvalue in quarter
 * decades. The honest baseline: choose it over least squares wherever m is below a few times n.
 * Cost: about 10·min(m, n)³ + m·n·min(m, n). An algebra with a {@link MaskRidge} finds the same by
 * a Cholesky factor per λ.
 */
public final class RidgeEstimator implements Estimator {
  /** The name of this method. */
  public static final String NAME = "ridge";

  private static final double[] GRID =
      IntStream.rangeClosed(-12, 12).mapToDouble(i -> Math.pow(10, i / 4.0)).toArray();

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public ComponentModels fit(TrainingData data, FitContext context) {
    double[] means = CentredOutputs.means(data);
    CentredMasks x = new CentredMasks(context.algebra(), data.masks());
    int examples = means.length;
    if (examples > 0 && x.trace() > 0) {
      ComponentModels elsewhere = wherePossible(data, x, means, context);
      if (elsewhere != null) {
        return elsewhere;
      }
    }
    CentredOutputs y = CentredOutputs.of(data);
    if (examples == 0 || x.columns() == 0) {
      return y.models(NAME, x, new double[x.columns() * examples], Map.of());
    }
    context.progress().update("factorise", 0, GRID.length + 1);
    Spectrum spectrum = Spectrum.of(x, y.values(), examples, context.algebra());
    Choice choice = new Choice(examples, context.progress());
    choice.among(0, spectrum.meanEigenvalue, lambda -> spectrum.leaveOneOut(y.values(), lambda));
    double[] theta = spectrum.coefficients(choice.lambda);
    return y.models(NAME, x, theta, choice.diagnostics(x.rows()));
  }

  /** The whole fit by the algebra's own regression; null where it has none for this matrix. */
  private static @Nullable ComponentModels wherePossible(
      TrainingData data, CentredMasks x, double[] means, FitContext context) {
    boolean byRows = x.rows() <= x.columns();
    try (MaskRidge ridge = context.algebra().ridge(data.masks(), x.columnCounts(), byRows)) {
      if (ridge == null) {
        return null;
      }
      context.progress().update("factorise", 0, GRID.length + 1);
      int examples = means.length;
      double meanEigenvalue = x.trace() / Math.min(x.rows() - 1, x.columns());
      Choice choice = new Choice(examples, context.progress());
      double[][] theta = new double[examples][];
      for (int from = 0; from < examples; ) {
        int to = from + ridge.load(data.outputs(), from);
        choice.among(from, meanEigenvalue, ridge::leaveOneOut);
        double[][] found = ridge.coefficients(Arrays.copyOfRange(choice.lambda, from, to));
        System.arraycopy(found, 0, theta, from, found.length);
        from = to;
      }
      return x.models(NAME, theta, means, choice.diagnostics(x.rows()));
    }
  }

  /** λ of the least error for every example. */
  private static final class Choice {
    private final double[] best;
    private final double[] lambda;
    private final double[] relative;
    private final Progress progress;

    private Choice(int examples, Progress progress) {
      this.best = new double[examples];
      this.lambda = new double[examples];
      this.relative = new double[examples];
      this.progress = progress;
    }

    /**
     * Chooses for some examples.
     *
     * @param from the first of them
     * @param leaveOneOut their sums of squared errors for a λ
     */
    void among(int from, double meanEigenvalue, DoubleFunction<double[]> leaveOneOut) {
      for (int g = GRID.length - 1; g >= 0; g--) {
        double candidate = GRID[g] * meanEigenvalue;
        double[] error = leaveOneOut.apply(candidate);
        for (int e = 0; e < error.length; e++) {
          // The greatest λ where errors are beyond all numbers: some λ has to be there.
          if (error[e] < best[from + e] || g == GRID.length - 1) {
            best[from + e] = error[e];
            lambda[from + e] = candidate;
            relative[from + e] = GRID[g];
          }
        }
        long tried = (long) GRID.length * from + (long) (GRID.length - g) * error.length;
        progress.update("factorise", tried / best.length, GRID.length + 1);
      }
    }

    Map<String, Object> diagnostics(int rows) {
      double[] rms = Arrays.stream(best).map(sum -> Math.sqrt(sum / rows)).toArray();
      return Map.of("lambda", lambda, "lambda_relative", relative, "leave_one_out_rms", rms);
    }
  }

  /** The eigendecomposition of the smaller normal matrix, with the outputs projected on it. */
  private static final class Spectrum {
    private final LinearAlgebra algebra;
    private final CentredMasks x;
    private final boolean byRows;
    private final int examples;
    private final double[] eigenvalues;
    private final double[] vectors;

    /** m × size: eigenvectors of the kernel, or X̃ times those of the Gram matrix. */
    private final double[] basis;

    /** size × examples: outputs along the eigenvectors. */
    private final double[] projected;

    private final double meanEigenvalue;

    private Spectrum(
        LinearAlgebra algebra, CentredMasks x, double[] y, int examples, double[] matrix) {
      this.algebra = algebra;
      this.x = x;
      this.byRows = x.rows() <= x.columns();
      this.examples = examples;
      int size = byRows ? x.rows() : x.columns();
      this.vectors = matrix;
      this.eigenvalues = algebra.symmetricEigen(vectors, size);
      double trace = 0;
      for (int k = 0; k < size; k++) {
        eigenvalues[k] = Math.max(0, eigenvalues[k]);
        trace += eigenvalues[k];
      }
      // Without any variation in the masks every λ gives the same: the mean.
      this.meanEigenvalue = trace > 0 ? trace / Math.min(x.rows() - 1, x.columns()) : 1;
      this.basis = byRows ? vectors : x.times(vectors, size);
      double[] right = byRows ? y : x.transposeTimes(y, examples);
      this.projected = new double[size * examples];
      algebra.multiply(true, false, size, examples, size, 1, vectors, right, 0, projected);
    }

    static Spectrum of(CentredMasks x, double[] y, int examples, LinearAlgebra algebra) {
      return new Spectrum(algebra, x, y, examples, x.rows() <= x.columns() ? x.kernel() : x.gram());
    }

    /** Sum of squared leave-one-out errors per example. */
    double[] leaveOneOut(double[] y, double lambda) {
      int m = x.rows();
      int size = eigenvalues.length;
      double[] shrink = new double[size];
      double[] weighted = new double[size * examples];
      for (int k = 0; k < size; k++) {
        shrink[k] = (byRows ? eigenvalues[k] : 1) / (eigenvalues[k] + lambda);
        for (int e = 0; e < examples; e++) {
          weighted[k * examples + e] = shrink[k] * projected[k * examples + e];
        }
      }
      double[] fitted = new double[m * examples];
      algebra.multiply(false, false, m, examples, size, 1, basis, weighted, 0, fitted);
      double[] sums = new double[examples];
      for (int i = 0; i < m; i++) {
        double leverage = 1.0 / m;
        for (int k = 0; k < size; k++) {
          double entry = basis[i * size + k];
          leverage += entry * entry * shrink[k];
        }
        for (int e = 0; e < examples; e++) {
          double error = (y[i * examples + e] - fitted[i * examples + e]) / (1 - leverage);
          sums[e] += error * error;
        }
      }
      return sums;
    }

    /** θ for one λ per example, n × examples. */
    double[] coefficients(double[] lambda) {
      int size = eigenvalues.length;
      double[] weighted = new double[size * examples];
      for (int i = 0; i < weighted.length; i++) {
        weighted[i] = projected[i] / (eigenvalues[i / examples] + lambda[i % examples]);
      }
      double[] solved = new double[size * examples];
      algebra.multiply(false, false, size, examples, size, 1, vectors, weighted, 0, solved);
      return byRows ? x.transposeTimes(solved, examples) : solved;
    }
  }
}
