package io.ablate.estimate;

import io.ablate.linalg.LinearAlgebra;
import io.ablate.linalg.MaskRegression;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * COAR (Shah, Ilyas, Madry 2024, arXiv 2404.11534): linear regression on masks with an intercept
 * and no regularisation; of all solutions the one of least norm.
 *
 * <p>Solves the normal equations of the centred masks, in the smaller of the two forms (components
 * or rows), once for all examples. Their entries are exact; what forming them costs in condition is
 * won back by a step of iterative refinement against the masks themselves. Where they are singular
 * or nearly so, an eigendecomposition drops every direction whose singular value is below {@code
 * 1e-6} of the greatest. Choose it as the baseline that published figures use; near m = n its
 * predictions are worthless. Cost: min(m, n)³/3 + m·n·min(m, n)/64.
 */
public final class LeastSquaresEstimator implements Estimator {
  /** The name of this method. */
  public static final String NAME = "least-squares";

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public ComponentModels fit(TrainingData data, FitContext context) {
    CentredMasks x = new CentredMasks(context.algebra(), data.masks());
    boolean byRows = x.rows() <= x.columns();
    ComponentModels elsewhere = wherePossible(data, x, byRows, context.algebra());
    if (elsewhere != null) {
      return elsewhere;
    }
    CentredOutputs y = CentredOutputs.of(data);
    int examples = data.examples();
    if (examples == 0) {
      return y.models(NAME, x, new double[0], Map.of());
    }
    NormalEquations equations = new NormalEquations(x, byRows, context.algebra());
    context.progress().update("factorise", 0, 1);
    NormalEquations.Solution solution = equations.solve(rightSide(x, byRows, y.values(), examples));
    double[] coefficients = solution.values();
    if (solution.refine()) {
      double[] residual = y.values().clone();
      double[] fitted = x.times(theta(x, byRows, coefficients, examples), examples);
      for (int i = 0; i < residual.length; i++) {
        residual[i] -= fitted[i];
      }
      UnaryOperator<double[]> again = solution.again();
      double[] correction = again.apply(rightSide(x, byRows, residual, examples));
      for (int i = 0; i < coefficients.length; i++) {
        coefficients[i] += correction[i];
      }
    }
    context.progress().update("factorise", 1, 1);
    return y.models(
        NAME, x, theta(x, byRows, coefficients, examples), diagnostics(byRows, solution.solver()));
  }

  /**
   * The whole fit by the algebra's own regression; null where it has none for this matrix, or where
   * the matrix is nearly singular.
   */
  private static @Nullable ComponentModels wherePossible(
      TrainingData data, CentredMasks x, boolean byRows, LinearAlgebra algebra) {
    double[] means = CentredOutputs.means(data);
    if (means.length == 0) {
      return null;
    }
    try (MaskRegression regression = algebra.regression(data.masks(), x.columnCounts(), byRows)) {
      if (regression == null) {
        return null;
      }
      double[] probes = NormalEquations.probes(byRows ? x.rows() : x.columns());
      double condition = regression.condition(probes, NormalEquations.PROBES);
      if (!(condition < NormalEquations.SINGULAR)) {
        return null;
      }
      double[][] theta = regression.solve(data.outputs(), condition > NormalEquations.REFINE);
      return x.models(NAME, theta, means, diagnostics(byRows, "cholesky"));
    }
  }

  private static Map<String, Object> diagnostics(boolean byRows, String solver) {
    return Map.of("form", byRows ? "rows" : "components", "solver", solver);
  }

  private static double[] rightSide(CentredMasks x, boolean byRows, double[] y, int examples) {
    return byRows ? y.clone() : x.transposeTimes(y, examples);
  }

  private static double[] theta(
      CentredMasks x, boolean byRows, double[] coefficients, int examples) {
    return byRows ? x.transposeTimes(coefficients, examples) : coefficients;
  }
}
