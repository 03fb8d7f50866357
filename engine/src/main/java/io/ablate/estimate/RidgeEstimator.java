package io.ablate.estimate;

import io.ablate.linalg.LinearAlgebra;
import java.util.Arrays;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * Ridge regression with an unpenalised intercept; λ is chosen per example by the exact
 * leave-one-out error on a grid, at the price of one eigendecomposition shared by all examples.
 *
 * <p>With the thin basis Q of X̃ and h_i(λ) = 1/m + Σ_k Q_ik² g_k(λ), the error of leaving row i
 * out is r_i / (1 − h_i), r the residual of the fit to all rows (Golub, Heath, Wahba 1979; the 1/m
 * is the intercept's share). The grid covers 1e-3 to 1e3 times the mean eigenvalue in quarter
 * decades. The honest baseline: choose it over least squares wherever m is below a few times n.
 * Cost: about 10·min(m, n)³ + m·n·min(m, n).
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
    CentredOutputs y = CentredOutputs.of(data);
    CentredMasks x = new CentredMasks(context.algebra(), data.masks());
    int examples = data.examples();
    if (examples == 0 || x.columns() == 0) {
      return y.models(NAME, x, new double[x.columns() * examples], Map.of());
    }
    context.progress().update("factorise", 0, GRID.length + 1);
    Spectrum spectrum = Spectrum.of(x, y.values(), examples, context.algebra());
    double[] best = new double[examples];
    Arrays.fill(best, Double.POSITIVE_INFINITY);
    double[] lambda = new double[examples];
    double[] relative = new double[examples];
    for (int g = GRID.length - 1; g >= 0; g--) {
      double candidate = GRID[g] * spectrum.meanEigenvalue;
      double[] error = spectrum.leaveOneOut(y.values(), candidate);
      for (int e = 0; e < examples; e++) {
        if (error[e] < best[e]) {
          best[e] = error[e];
          lambda[e] = candidate;
          relative[e] = GRID[g];
        }
      }
      context.progress().update("factorise", GRID.length - g, GRID.length + 1);
    }
    double[] theta = spectrum.coefficients(lambda);
    double[] rms = Arrays.stream(best).map(sum -> Math.sqrt(sum / x.rows())).toArray();
    return y.models(
        NAME,
        x,
        theta,
        Map.of("lambda", lambda, "lambda_relative", relative, "leave_one_out_rms", rms));
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
