package io.ablate.estimate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.function.ToDoubleFunction;
import org.junit.jupiter.api.Test;

class PathNormNetworksTest {
  private static final int UNITS = PathNormNetworks.UNITS;
  private static final int ROWS = 17;
  private static final int COLUMNS = 5;
  private static final float PATH_NORM = .03f;
  private static final float DECAY = .02f;
  private static final int PASSES = 30;

  private final SparseRows rows = SparseRows.of(SyntheticData.masks(ROWS, COLUMNS, 4));
  private final float[][] target = random(3, ROWS, -1.5, 1.5);
  private final double[][] scale = {
    {.9, .2, 1.4, .5, 1}, {1, 1, 1, 1, 1}, {.1, .7, .3, 2, .4},
  };

  private static float[][] random(int examples, int length, double from, double to) {
    SplittableRandom random = new SplittableRandom(9);
    float[][] values = new float[examples][length];
    for (float[] example : values) {
      for (int i = 0; i < length; i++) {
        example[i] = (float) random.nextDouble(from, to);
      }
    }
    return values;
  }

  /** Dense, in double precision, with slopes from finite differences of the squared error. */
  @Test
  void shouldTrainAsThePlainDefinitionSays() {
    PathNormNetworks networks = new PathNormNetworks(rows, target, scale);
    networks.train(PATH_NORM, DECAY, PASSES);
    for (int e = 0; e < target.length; e++) {
      double[] expected = plainlyTrained(e, networks.curvature(e));
      double[] found = networks.extract(e);
      double largest = Arrays.stream(expected).map(Math::abs).max().orElseThrow();
      assertThat(largest).isGreaterThan(.05);
      for (int j = 0; j < COLUMNS; j++) {
        assertThat(found[j]).isCloseTo(expected[j], within(2e-3 * largest));
      }
    }
  }

  private double[] plainlyTrained(int e, double curvature) {
    int size = COLUMNS * UNITS + UNITS + 1;
    double[] values = new double[size];
    for (int k = 0; k < UNITS; k++) {
      values[COLUMNS * UNITS + k] = .3 * (k / 2 + .5) / (UNITS / 2);
    }
    double[] ahead = values.clone();
    double pace = 1;
    double step = 1 / (curvature + DECAY);
    for (int pass = 0; pass < PASSES; pass++) {
      double[] slope = slope(x -> loss(e, x), ahead);
      double next = (1 + Math.sqrt(1 + 4 * pace * pace)) / 2;
      double momentum = Math.min((pace - 1) / next, .9);
      pace = next;
      for (int i = 0; i < size; i++) {
        double moved;
        if (i < COLUMNS * UNITS) {
          moved = ahead[i] - step * (slope[i] + DECAY * ahead[i]);
          double threshold = step * PATH_NORM / Math.sqrt(UNITS);
          moved = Math.signum(moved) * Math.max(0, Math.abs(moved) - threshold);
        } else {
          moved = ahead[i] - .25 * slope[i];
        }
        ahead[i] = moved + momentum * (moved - values[i]);
        values[i] = moved;
      }
    }
    double[] theta = new double[COLUMNS];
    for (int i = 0; i < COLUMNS * UNITS; i++) {
      theta[i / UNITS] += outer(i % UNITS) * scale[e][i / UNITS] * values[i];
    }
    return theta;
  }

  private static double[] slope(ToDoubleFunction<double[]> f, double[] at) {
    double[] slope = new double[at.length];
    for (int i = 0; i < at.length; i++) {
      double[] moved = at.clone();
      moved[i] = at[i] + 1e-6;
      double above = f.applyAsDouble(moved);
      moved[i] = at[i] - 1e-6;
      slope[i] = (above - f.applyAsDouble(moved)) / 2e-6;
    }
    return slope;
  }

  private static double outer(int unit) {
    return (unit % 2 == 0 ? 1 : -1) / Math.sqrt(UNITS);
  }

  /** Half the mean squared error of φ with parameters V, b₁, b₂. */
  private double loss(int e, double[] x) {
    double loss = 0;
    double[][] z = centred();
    for (int r = 0; r < ROWS; r++) {
      double output = x[x.length - 1];
      for (int k = 0; k < UNITS; k++) {
        double hidden = x[COLUMNS * UNITS + k];
        for (int j = 0; j < COLUMNS; j++) {
          hidden += x[j * UNITS + k] * scale[e][j] * z[r][j];
        }
        output += outer(k) * Math.max(0, hidden);
      }
      loss += Math.pow(output - target[e][r], 2) / (2 * ROWS);
    }
    return loss;
  }

  private double[][] centred() {
    double[][] z = new double[ROWS][COLUMNS];
    double[] mean = rows.columnMeans();
    for (int r = 0; r < ROWS; r++) {
      for (int j : rows.ones()[r]) {
        z[r][j] = 1;
      }
      for (int j = 0; j < COLUMNS; j++) {
        z[r][j] -= mean[j];
      }
    }
    return z;
  }

  @Test
  void shouldBoundTheCurvature() {
    PathNormNetworks networks = new PathNormNetworks(rows, target, scale);
    for (int e = 0; e < scale.length; e++) {
      double largest = largestEigenvalue(e);
      assertThat(networks.curvature(e)).isBetween(largest, 1.2 * largest);
    }
  }

  /** Of diag(c) Z̃ᵀZ̃ diag(c) / m, dense, after so many steps that nothing is left to gain. */
  private double largestEigenvalue(int e) {
    double[][] z = centred();
    double[] v = {1, .3, -.7, .2, .9};
    double norm = 0;
    for (int step = 0; step < 3000; step++) {
      double[] next = new double[COLUMNS];
      for (double[] row : z) {
        double product = 0;
        for (int j = 0; j < COLUMNS; j++) {
          product += scale[e][j] * row[j] * v[j];
        }
        for (int j = 0; j < COLUMNS; j++) {
          next[j] += scale[e][j] * row[j] * product / ROWS;
        }
      }
      double length = Math.sqrt(Arrays.stream(next).map(x -> x * x).sum());
      norm = length;
      v = Arrays.stream(next).map(x -> x / length).toArray();
    }
    return norm;
  }

  @Test
  void shouldTrainAnExampleBitForBitTheSameInAnyCompany() {
    PathNormNetworks together = new PathNormNetworks(rows, target, scale);
    together.train(PATH_NORM, DECAY, PASSES);
    PathNormNetworks alone =
        new PathNormNetworks(rows, new float[][] {target[2]}, new double[][] {scale[2]});
    alone.train(PATH_NORM, DECAY, PASSES);
    assertThat(together.extract(2)).isEqualTo(alone.extract(0));
  }

  @Test
  void shouldStartAnewAfterRestart() {
    PathNormNetworks networks = new PathNormNetworks(rows, target, scale);
    networks.train(PATH_NORM, DECAY, PASSES);
    double[] first = networks.extract(1);
    networks.train(PATH_NORM, DECAY, PASSES);
    assertThat(networks.extract(1)).isNotEqualTo(first);
    networks.restart();
    networks.train(PATH_NORM, DECAY, PASSES);
    assertThat(networks.extract(1)).isEqualTo(first);
  }

  @Test
  void shouldLeaveNothingUnderAStrongPathNorm() {
    PathNormNetworks networks = new PathNormNetworks(rows, target, scale);
    networks.train(10, DECAY, PASSES);
    assertThat(networks.extract(0)).containsOnly(0);
  }
}
