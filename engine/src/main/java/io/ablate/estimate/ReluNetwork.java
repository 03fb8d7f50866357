package io.ablate.estimate;

import java.util.Arrays;
import java.util.SplittableRandom;

/**
 * φ(z) = w₂ᵀ σ(W₁z + b₁) + b₂ on sparse 0/1 inputs, trained by Adam (Kingma, Ba 2015) on squared
 * error. Single precision, one thread: results depend on nothing but the arguments.
 */
final class ReluNetwork {
  private static final float BETA_1 = .9f;
  private static final float BETA_2 = .999f;
  private static final float EPSILON = 1e-8f;

  /** What W₁ starts from stays in the extracted direction as noise: it starts small. */
  private static final double INPUT_BOUND = .3;

  private static final double BIAS_BOUND = .5;

  private final int inputs;
  private final int units;

  /** All parameters: W₁ input by input, then b₁, w₂, b₂. */
  private final float[] weights;

  private final float[] gradient;
  private final float[] firstMoment;
  private final float[] secondMoment;
  private final float[] hidden;
  private int steps;

  ReluNetwork(int inputs, int units) {
    this.inputs = inputs;
    this.units = units;
    int size = Math.addExact(Math.multiplyExact(inputs + 2, units), 1);
    this.weights = new float[size];
    this.gradient = new float[size];
    this.firstMoment = new float[size];
    this.secondMoment = new float[size];
    this.hidden = new float[units];
  }

  private int bias() {
    return inputs * units;
  }

  private int output() {
    return (inputs + 1) * units;
  }

  /**
   * Draws the parameters: uniform in ±.3/√inputs, ±.5 and ±1/√units for W₁, b₁, w₂. Input j draws
   * from a stream seeded by {@code inputSeeds[j]} alone, so that reordering the inputs reorders the
   * weights.
   */
  void initialise(long seed, long[] inputSeeds) {
    double bound = INPUT_BOUND / Math.sqrt(inputs);
    for (int j = 0; j < inputs; j++) {
      SplittableRandom random = new SplittableRandom(seed ^ inputSeeds[j]);
      for (int k = 0; k < units; k++) {
        weights[j * units + k] = (float) (bound * (2 * random.nextDouble() - 1));
      }
    }
    SplittableRandom random = new SplittableRandom(seed);
    double outer = 1 / Math.sqrt(units);
    for (int k = 0; k < units; k++) {
      weights[bias() + k] = (float) (BIAS_BOUND * (2 * random.nextDouble() - 1));
      weights[output() + k] = (float) (outer * (2 * random.nextDouble() - 1));
    }
  }

  /** φ of one input, given as the indices of its ones. */
  float forward(int[] ones) {
    System.arraycopy(weights, bias(), hidden, 0, units);
    for (int j : ones) {
      int at = j * units;
      for (int k = 0; k < units; k++) {
        hidden[k] += weights[at + k];
      }
    }
    float sum = weights[weights.length - 1];
    int out = output();
    for (int k = 0; k < units; k++) {
      sum += weights[out + k] * Math.max(0, hidden[k]);
    }
    return sum;
  }

  /** One Adam step on the rows {@code order[from … to − 1]}. */
  void step(int[][] ones, float[] target, int[] order, int from, int to, float rate) {
    Arrays.fill(gradient, 0);
    float share = 1f / (to - from);
    int out = output();
    int bias = bias();
    for (int i = from; i < to; i++) {
      int[] row = ones[order[i]];
      float error = share * (forward(row) - target[order[i]]);
      for (int k = 0; k < units; k++) {
        float activation = hidden[k];
        gradient[out + k] += error * Math.max(0, activation);
        float back = activation > 0 ? error * weights[out + k] : 0;
        hidden[k] = back;
        gradient[bias + k] += back;
      }
      gradient[gradient.length - 1] += error;
      for (int j : row) {
        int at = j * units;
        for (int k = 0; k < units; k++) {
          gradient[at + k] += hidden[k];
        }
      }
    }
    adam(rate);
  }

  private void adam(float rate) {
    steps++;
    float correction = (float) Math.sqrt(1 - Math.pow(BETA_2, steps));
    float scaled = (float) (rate * correction / (1 - Math.pow(BETA_1, steps)));
    float epsilon = EPSILON * correction;
    for (int i = 0; i < weights.length; i++) {
      float g = gradient[i];
      float first = BETA_1 * firstMoment[i] + (1 - BETA_1) * g;
      float second = BETA_2 * secondMoment[i] + (1 - BETA_2) * g * g;
      firstMoment[i] = first;
      secondMoment[i] = second;
      weights[i] = weights[i] - scaled * first / ((float) Math.sqrt(second) + epsilon);
    }
  }

  /** Mean squared error over rows of {@code order}. */
  double error(int[][] ones, float[] target, int[] order, int from, int to) {
    double sum = 0;
    for (int i = from; i < to; i++) {
      double error = forward(ones[order[i]]) - target[order[i]];
      sum += error * error;
    }
    return sum / (to - from);
  }

  /** (w₂ᵀW₁)ᵀ: the network without its rectifier, less its offset. */
  double[] extract() {
    double[] theta = new double[inputs];
    int out = output();
    for (int j = 0; j < inputs; j++) {
      for (int k = 0; k < units; k++) {
        theta[j] += (double) weights[out + k] * weights[j * units + k];
      }
    }
    return theta;
  }
}
