package io.ablate.estimate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

class LayersPriorTest {
  private static final double[] CENTRE = {9, 1, -2, .5, 9};
  private static final double[] X = {7, 1.5, -1, 2.5, 7};

  @Test
  void shouldEqualTheInverseOfTheCovariance() {
    LayersPrior prior = new LayersPrior(2, .5);
    double[] deviation = {.5, 1, 2};
    double[] gradient = {3, 0, 0, 0, 3};
    double[] hessian = new double[25];
    double penalty = prior.penalty(X, CENTRE, 1, 4, gradient, hessian);
    double half = 0;
    for (int i = 0; i < 3; i++) {
      double back = 0;
      for (int j = 0; j < 3; j++) {
        back += (4 + (i == j ? .25 : 0)) * gradient[1 + j];
      }
      assertThat(back).isCloseTo(deviation[i], within(1e-12));
      double product = 0;
      for (int j = 0; j < 3; j++) {
        product += hessian[5 * (1 + i) + 1 + j] * deviation[j];
      }
      assertThat(product).isCloseTo(gradient[1 + i], within(1e-12));
      half += .5 * deviation[i] * gradient[1 + i];
    }
    assertThat(penalty).isCloseTo(half, within(1e-12));
    assertThat(new double[] {gradient[0], gradient[4]}).containsExactly(3, 3);
    assertThat(hessian[0] + hessian[1] + hessian[24]).isZero();
  }

  @Test
  void shouldBeIndependentWithoutACommonPart() {
    double[] gradient = new double[5];
    assertThat(new LayersPrior(0, .5).penalty(X, CENTRE, 1, 4, gradient, new double[25]))
        .isCloseTo(.5 * (.25 + 1 + 4) / .25, within(1e-12));
    assertThat(gradient).containsExactly(new double[] {0, 2, 4, 8, 0}, within(1e-12));
  }
}
