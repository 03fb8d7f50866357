package io.ablate.estimate;

import io.ablate.base.BadInputException;
import io.ablate.base.Problem;
import io.ablate.base.UsageException;

/**
 * What all methods on gradient passes ask of their data, and the intercept of those without a
 * regression.
 */
final class GradientInputs {
  private GradientInputs() {}

  /**
   * The gradients of the data.
   *
   * @throws UsageException if there are none
   * @throws BadInputException if there is not a single pass, or a value is no number
   */
  static GradientData require(TrainingData data, String method) {
    GradientData gradients = data.gradients();
    if (gradients == null) {
      throw new UsageException(
          Problem.of("the data hold no gradient passes, which method " + method + " needs")
              .remedy("collect with --gradients Q, or choose another method"));
    }
    if (gradients.passes() < 1) {
      throw new BadInputException(
          Problem.of("too few gradient passes to fit").expected("at least 1").found(0));
    }
    for (int e = 0; e < data.examples(); e++) {
      requireFinite(gradients.outputs()[e], e, "an output of a gradient pass");
      requireFinite(gradients.keptSum()[e], e, "a mask gradient");
      requireFinite(gradients.ablatedSum()[e], e, "a mask gradient");
      requireFinite(gradients.softSum()[e], e, "a mask gradient");
      requireFinite(gradients.hardSquares()[e], e, "a mask gradient");
      requireFinite(gradients.softSquares()[e], e, "a mask gradient");
      requireFinite(data.outputs()[e], e, "an output");
    }
    return gradients;
  }

  private static void requireFinite(double[] values, int example, String what) {
    for (int i = 0; i < values.length; i++) {
      if (!Double.isFinite(values[i])) {
        throw new BadInputException(
            Problem.of(what + " is not a finite number")
                .at("example " + example + ", entry " + i)
                .found(values[i])
                .remedy("collect again, or leave the example out"));
      }
    }
  }

  /**
   * The intercept that leaves a mean residual of 0 over ordinary rows and gradient passes together.
   * Passes with soft entries ablate another share than the rows to be predicted, so they count only
   * where there is nothing else.
   */
  static double intercept(TrainingData data, GradientData gradients, int example, double[] theta) {
    double sum = 0;
    int count = data.rows();
    for (int row = 0; row < data.rows(); row++) {
      sum += data.outputs()[example][row];
      for (int i = 0; i < theta.length; i++) {
        sum -= data.masks().get(row, i) ? theta[i] : 0;
      }
    }
    boolean onlySoft = count == 0 && gradients.hardPasses() == 0;
    for (int r = 0; r < gradients.passes(); r++) {
      if (onlySoft || gradients.isHard(r)) {
        sum += gradients.outputs()[example][r];
        count++;
        for (int i = 0; i < theta.length; i++) {
          sum -= gradients.masks()[r][i] * theta[i];
        }
      }
    }
    return sum / count;
  }
}
