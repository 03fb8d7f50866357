package io.ablate.estimate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import org.junit.jupiter.api.Test;

class DampedScoringTest {
  private int evaluations;

  /** With its Hessian one step would do; here it may be no longer than 1.5 in any entry. */
  @Test
  void shouldGoStraightToTheMinimumOfAQuadraticFunction() {
    double[] minimum = {4, -1, .25};
    DampedScoring.Found found =
        DampedScoring.minimise(
            (x, gradient, hessian) -> {
              evaluations++;
              double value = 7;
              for (int i = 0; i < 3; i++) {
                double curvature = 1 + 10 * i;
                gradient[i] = curvature * (x[i] - minimum[i]);
                hessian[4 * i] = curvature;
                value += .5 * gradient[i] * (x[i] - minimum[i]);
              }
              return value;
            },
            new double[3],
            20,
            1e-12);
    assertThat(found.x()).containsExactly(minimum, within(1e-12));
    assertThat(found.value()).isEqualTo(7);
    assertThat(evaluations).isEqualTo(4);
  }

  /** Rosenbrock's valley, with what least squares take for the Hessian, and a wall in it. */
  @Test
  void shouldFollowACurvedValleyAroundWhatIsNotDefined() {
    DampedScoring.Found found =
        DampedScoring.minimise(
            (x, gradient, hessian) -> {
              evaluations++;
              if (x[1] < -.5) {
                return Double.POSITIVE_INFINITY;
              }
              double off = x[1] - x[0] * x[0];
              gradient[0] = -400 * x[0] * off - 2 * (1 - x[0]);
              gradient[1] = 200 * off;
              double[] square = {800 * x[0] * x[0] + 2, -400 * x[0], -400 * x[0], 200};
              System.arraycopy(square, 0, hessian, 0, 4);
              return 100 * off * off + (1 - x[0]) * (1 - x[0]);
            },
            new double[] {-1.2, 1},
            200,
            1e-14);
    assertThat(found.x()).containsExactly(new double[] {1, 1}, within(1e-4));
    assertThat(evaluations).isLessThan(60);
  }

  /** One whose Hessian is taken for a tenth of what it is overshoots until it is damped. */
  @Test
  void shouldDampWhatOvershoots() {
    DampedScoring.Found found =
        DampedScoring.minimise(
            (x, gradient, hessian) -> {
              gradient[0] = 10 * x[0];
              hessian[0] = 1;
              return 5 * x[0] * x[0];
            },
            new double[] {1},
            100,
            1e-12);
    assertThat(found.x()[0]).isCloseTo(0, within(1e-5));
  }

  @Test
  void shouldTakeTheDiagonalOfWhatRoundingMadeIndefinite() {
    DampedScoring.Found found =
        DampedScoring.minimise(
            (x, gradient, hessian) -> {
              System.arraycopy(x, 0, gradient, 0, 2);
              System.arraycopy(new double[] {1, -1.1, -1.1, 1}, 0, hessian, 0, 4);
              return .5 * (x[0] * x[0] + x[1] * x[1]);
            },
            new double[] {1, 1},
            20,
            1e-12);
    assertThat(found.x()).containsExactly(new double[2], within(1e-5));
  }

  @Test
  void shouldStayWhereNothingIsDefined() {
    double[] start = {3, 4};
    DampedScoring.Found found =
        DampedScoring.minimise((x, gradient, hessian) -> Double.POSITIVE_INFINITY, start, 10, 1e-6);
    assertThat(found.x()).isEqualTo(start);
    assertThat(Arrays.equals(start, new double[] {3, 4})).isTrue();
  }
}
