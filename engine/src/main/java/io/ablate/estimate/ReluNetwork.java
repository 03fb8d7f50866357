package io.ablate.estimate;

/**
 * φ(z) = w₂ᵀ σ(W₁z + b₁) + b₂ on sparse 0/1 inputs, trained by Adam (Kingma, Ba 2015) on squared
 * error. Single precision, one thread: results depend on nothing but the arguments.
 *
 * <p>Loops over units read and write several arrays at one index, which is what the compiler makes
 * vectors of; hence an array per input. The gradient by W₁ is never stored: an input's is summed
 * over the rows of the batch that list it when its weights take their step.
 */
final class ReluNetwork {
  private static final float BETA_1 = .9f;
  private static final float BETA_2 = .999f;
  private static final float EPSILON = 1e-8f;

  private final int inputs;
  private final int units;

  /** W₁ᵀ, inputs × units, then b₁, then w₂, then b₂ in the first place of the last row. */
  private final float[][] weights;

  private final float[][] firstMoment;
  private final float[][] secondMoment;

  /** What the units of every row of a batch hold, then the error's derivative by that. */
  private float[][] hidden = {};

  private final float[] sum;
  private final BatchColumns columns;
  private int steps;

  ReluNetwork(int inputs, int units) {
    this.inputs = inputs;
    this.units = units;
    this.weights = new float[inputs + 3][units];
    this.firstMoment = new float[inputs + 3][units];
    this.secondMoment = new float[inputs + 3][units];
    this.sum = new float[units];
    this.columns = new BatchColumns(inputs);
  }

  private int bias() {
    return inputs;
  }

  private int output() {
    return inputs + 1;
  }

  private int offset() {
    return inputs + 2;
  }

  /** Draws the parameters of the network that {@link NetworkStart} describes. */
  void initialise(long seed, long[] inputSeeds) {
    start(new NetworkStart(units, new long[] {seed}, inputSeeds).weights(0));
  }

  /** Takes over all weights, as {@link NetworkStart#weights} lays them out. */
  void start(float[] flat) {
    for (int row = 0; row < weights.length; row++) {
      System.arraycopy(flat, row * units, weights[row], 0, units);
    }
  }

  /**
   * φ of one input.
   *
   * @param ones the indices of its ones
   * @param held receives what the units hold
   */
  private float forward(int[] ones, float[] held) {
    System.arraycopy(weights[bias()], 0, held, 0, units);
    UnitLanes.add(held, weights, ones);
    float sum = weights[offset()][0];
    float[] outer = weights[output()];
    for (int k = 0; k < units; k++) {
      sum += outer[k] * Math.max(0, held[k]);
    }
    return sum;
  }

  /** One Adam step on the rows {@code order[from … to − 1]}. */
  void step(int[][] ones, float[] target, int[] order, int from, int to, float rate) {
    int batch = to - from;
    if (hidden.length < batch) {
      hidden = new float[batch][units];
    }
    float share = 1f / batch;
    float[] outer = weights[output()];
    float[] outerGradient = new float[units];
    float[] biasGradient = new float[units];
    float[] offsetGradient = new float[units];
    for (int i = 0; i < batch; i++) {
      int row = order[from + i];
      float[] held = hidden[i];
      float error = share * (forward(ones[row], held) - target[row]);
      offsetGradient[0] += error;
      for (int k = 0; k < units; k++) {
        float activation = held[k];
        outerGradient[k] += error * Math.max(0, activation);
        float back = activation > 0 ? error * outer[k] : 0;
        held[k] = back;
        biasGradient[k] += back;
      }
    }
    columns.list(ones, order, from, to);
    Adam adam = new Adam(rate, ++steps);
    for (int j = 0; j < inputs; j++) {
      adam.step(weights[j], firstMoment[j], secondMoment[j], columns.sum(j, hidden, sum));
    }
    adam.step(this, bias(), biasGradient);
    adam.step(this, output(), outerGradient);
    adam.step(this, offset(), offsetGradient);
  }

  /** What the steps of one batch have in common. */
  private record Adam(float rate, float epsilon) {
    Adam(float rate, int step) {
      float correction = (float) Math.sqrt(1 - Math.pow(BETA_2, step));
      this((float) (rate * correction / (1 - Math.pow(BETA_1, step))), EPSILON * correction);
    }

    void step(ReluNetwork network, int row, float[] gradient) {
      step(network.weights[row], network.firstMoment[row], network.secondMoment[row], gradient);
    }

    void step(float[] weights, float[] firstMoment, float[] secondMoment, float[] gradient) {
      float rate = this.rate;
      float epsilon = this.epsilon;
      for (int k = 0; k < weights.length; k++) {
        float g = gradient[k];
        float first = BETA_1 * firstMoment[k] + (1 - BETA_1) * g;
        float second = BETA_2 * secondMoment[k] + (1 - BETA_2) * g * g;
        firstMoment[k] = first;
        secondMoment[k] = second;
        weights[k] = weights[k] - rate * first / ((float) Math.sqrt(second) + epsilon);
      }
    }
  }

  /** Mean squared error over rows of {@code order}. */
  double error(int[][] ones, float[] target, int[] order, int from, int to) {
    float[] held = new float[units];
    double sum = 0;
    for (int i = from; i < to; i++) {
      double error = forward(ones[order[i]], held) - target[order[i]];
      sum += error * error;
    }
    return sum / (to - from);
  }

  /** (w₂ᵀW₁)ᵀ: the network without its rectifier, less its offset. */
  double[] extract() {
    double[] theta = new double[inputs];
    for (int j = 0; j < inputs; j++) {
      for (int k = 0; k < units; k++) {
        theta[j] += (double) weights[output()][k] * weights[j][k];
      }
    }
    return theta;
  }
}
