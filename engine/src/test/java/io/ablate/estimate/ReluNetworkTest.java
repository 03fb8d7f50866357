package io.ablate.estimate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class ReluNetworkTest {
  private static final float RATE = .01f;

  @Test
  void shouldTrainAsADenseNetworkInDoublePrecisionDoes() {
    int inputs = 37;
    int units = 11;
    int rows = 50;
    SplittableRandom random = new SplittableRandom(3);
    // Rows without a one, with one, and with more than are added at once.
    int[][] ones =
        IntStream.range(0, rows)
            .mapToObj(
                row -> IntStream.range(0, inputs).filter(j -> random.nextInt(50) < row).toArray())
            .toArray(int[][]::new);
    float[] target = new float[rows];
    for (int row = 0; row < rows; row++) {
      target[row] = (float) random.nextGaussian();
    }
    int[] order = IntStream.range(0, rows).map(i -> (7 * i + 3) % rows).toArray();
    ReluNetwork network = new ReluNetwork(inputs, units);
    long[] seeds = random.longs(inputs).toArray();
    network.initialise(5, seeds);
    Dense oracle = new Dense(inputs, units);
    oracle.initialise(5, seeds);
    int[] sizes = {16, 1, 3, 16, 14};
    for (int epoch = 0; epoch < 20; epoch++) {
      int from = 0;
      for (int size : sizes) {
        network.step(ones, target, order, from, from + size, RATE);
        oracle.step(ones, target, order, from, from + size);
        from += size;
      }
    }
    double[] theta = network.extract();
    for (int j = 0; j < inputs; j++) {
      double expected = 0;
      for (int k = 0; k < units; k++) {
        expected += oracle.weights[inputs + 1][k] * oracle.weights[j][k];
      }
      assertThat(theta[j]).as("input %d", j).isCloseTo(expected, within(2e-4));
    }
    double error = 0;
    for (int i = 10; i < rows; i++) {
      double difference = oracle.forward(ones[order[i]], new double[units]) - target[order[i]];
      error += difference * difference / (rows - 10);
    }
    assertThat(network.error(ones, target, order, 10, rows)).isCloseTo(error, within(1e-3));
    assertThat(error).as("it has learnt").isLessThan(.5);
  }

  /** The textbook: a gradient for every parameter, then Adam. */
  private static final class Dense {
    private final int inputs;
    private final int units;
    private final double[][] weights;
    private final double[][] first;
    private final double[][] second;
    private int steps;

    Dense(int inputs, int units) {
      this.inputs = inputs;
      this.units = units;
      this.weights = new double[inputs + 3][units];
      this.first = new double[inputs + 3][units];
      this.second = new double[inputs + 3][units];
    }

    void initialise(long seed, long[] inputSeeds) {
      for (int j = 0; j < inputs; j++) {
        SplittableRandom random = new SplittableRandom(seed ^ inputSeeds[j]);
        for (int k = 0; k < units; k++) {
          weights[j][k] = .3 / Math.sqrt(inputs) * (2 * random.nextDouble() - 1);
        }
      }
      SplittableRandom random = new SplittableRandom(seed);
      for (int k = 0; k < units; k++) {
        weights[inputs][k] = .5 * (2 * random.nextDouble() - 1);
        weights[inputs + 1][k] = (2 * random.nextDouble() - 1) / Math.sqrt(units);
      }
    }

    double forward(int[] ones, double[] hidden) {
      double output = weights[inputs + 2][0];
      for (int k = 0; k < units; k++) {
        hidden[k] = weights[inputs][k];
        for (int j : ones) {
          hidden[k] += weights[j][k];
        }
        output += weights[inputs + 1][k] * Math.max(0, hidden[k]);
      }
      return output;
    }

    void step(int[][] ones, float[] target, int[] order, int from, int to) {
      double[][] gradient = new double[inputs + 3][units];
      for (int i = from; i < to; i++) {
        int row = order[i];
        double[] hidden = new double[units];
        double error = (forward(ones[row], hidden) - target[row]) / (to - from);
        gradient[inputs + 2][0] += error;
        for (int k = 0; k < units; k++) {
          gradient[inputs + 1][k] += error * Math.max(0, hidden[k]);
          double back = hidden[k] > 0 ? error * weights[inputs + 1][k] : 0;
          gradient[inputs][k] += back;
          for (int j : ones[row]) {
            gradient[j][k] += back;
          }
        }
      }
      steps++;
      for (int j = 0; j < inputs + 3; j++) {
        for (int k = 0; k < units; k++) {
          double g = gradient[j][k];
          first[j][k] = .9 * first[j][k] + .1 * g;
          second[j][k] = .999 * second[j][k] + .001 * g * g;
          double mean = first[j][k] / (1 - Math.pow(.9, steps));
          double square = second[j][k] / (1 - Math.pow(.999, steps));
          weights[j][k] -= RATE * mean / (Math.sqrt(square) + 1e-8);
        }
      }
    }
  }
}
