package io.ablate.estimate;

import java.util.Map;
import java.util.function.UnaryOperator;

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
    CentredOutputs y = CentredOutputs.of(data);
    CentredMasks x = new CentredMasks(context.algebra(), data.masks());
    int examples = data.examples();
    if (examples == 0) {
      return y.models(NAME, x, new double[0], Map.of());
    }
    boolean byRows = x.rows() <= x.columns();
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
        NAME,
        x,
        theta(x, byRows, coefficients, examples),
        Map.of("form", byRows ? "rows" : "components", "solver", solution.solver()));
  }

  private static double[] rightSide(CentredMasks x, boolean byRows, double[] y, int examples) {
    return byRows ? y.clone() : x.transposeTimes(y, examples);
  }

  private static double[] theta(
      CentredMasks x, boolean byRows, double[] coefficients, int examples) {
    return byRows ? x.transposeTimes(coefficients, examples) : coefficients;
  }
}
