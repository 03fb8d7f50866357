package io.ablate.estimate;

import io.ablate.mask.MaskMatrix;
import java.util.SplittableRandom;

/**
 * Exact gradients of a known function: f(x) = 3 + θᵀx + Σ_i c_i (x_i² − x_i) + Σ_i d_i x_i x_{i+1},
 * in three layers of which the last hardly matters. The second term is 0 at both ends of every
 * entry, so that its derivative misleads there, and its integral does not.
 *
 * @param theta examples × n: the best linear coefficients at the keep probability .9
 */
record MaskGradientData(TrainingData data, double[][] theta) {
  private static final int N = 90;
  private static final double KEEP = .9;

  /**
   * @param rows ordinary rows
   * @param passes gradient passes; 0 gives data without gradients
   * @param soft probability of a soft entry
   */
  static MaskGradientData layered(int rows, int passes, double soft, int examples, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    int[] layer = new int[N];
    for (int i = 0; i < N; i++) {
      layer[i] = 3 * i / N;
    }
    MaskMatrix masks = SyntheticData.masks(rows, N, seed + 1);
    GradientData gradients = GradientData.empty(passes, N, examples);
    for (float[] mask : gradients.masks()) {
      for (int i = 0; i < N; i++) {
        mask[i] =
            random.nextDouble() < soft
                ? (float) random.nextDouble(.001, .999)
                : random.nextDouble() < KEEP ? 1 : 0;
      }
    }
    double[][] outputs = new double[examples][rows];
    double[][] theta = new double[examples][N];
    double[][] scale = new double[examples][N];
    for (int e = 0; e < examples; e++) {
      Function f = new Function(random, layer, scale[e]);
      for (int i = 0; i < N; i++) {
        theta[e][i] = f.linear[i] + KEEP * (f.pair(i) + f.pair(i - 1));
      }
      float[] row = new float[N];
      for (int m = 0; m < rows; m++) {
        masks.unpack(m, row, 0);
        outputs[e][m] = f.value(row);
      }
      for (int r = 0; r < passes; r++) {
        f.addPass(gradients, e, r);
      }
      java.util.Arrays.fill(row, 1);
      for (int i = 0; i < N && gradients.unablated() != null; i++) {
        gradients.unablated()[e][i] = f.derivative(row, i);
      }
    }
    return new MaskGradientData(
        new TrainingData(masks, outputs, layer, scale, passes == 0 ? null : gradients), theta);
  }

  /** Relative error of the attributions in norm, over all examples. */
  static double error(ComponentModels models, double[][] truth) {
    double wrong = 0;
    double all = 0;
    for (int e = 0; e < truth.length; e++) {
      for (int i = 0; i < truth[e].length; i++) {
        double difference = models.attributions()[e][i] - truth[e][i];
        wrong += difference * difference;
        all += truth[e][i] * truth[e][i];
      }
    }
    return Math.sqrt(wrong / all);
  }

  private static final class Function {
    private final double[] linear = new double[N];
    private final double[] curved = new double[N];
    private final double[] pairs = new double[N - 1];

    Function(SplittableRandom random, int[] layer, double[] scale) {
      for (int i = 0; i < N; i++) {
        scale[i] = random.nextDouble(.1, 2);
        double size = scale[i] * (layer[i] == 2 ? .05 : 1);
        linear[i] = size * random.nextGaussian();
        curved[i] = .4 * size;
        if (i < N - 1) {
          pairs[i] = .3 * size * random.nextGaussian();
        }
      }
    }

    double pair(int i) {
      return i < 0 || i >= pairs.length ? 0 : pairs[i];
    }

    double value(float[] x) {
      double sum = 3;
      for (int i = 0; i < N; i++) {
        sum += linear[i] * x[i] + curved[i] * (x[i] * x[i] - x[i]);
        sum += i < N - 1 ? pairs[i] * x[i] * x[i + 1] : 0;
      }
      return sum;
    }

    double derivative(float[] x, int i) {
      return linear[i]
          + curved[i] * (2 * x[i] - 1)
          + (i < N - 1 ? pairs[i] * x[i + 1] : 0)
          + (i > 0 ? pairs[i - 1] * x[i - 1] : 0);
    }

    void addPass(GradientData gradients, int e, int pass) {
      float[] mask = gradients.masks()[pass];
      gradients.outputs()[e][pass] = value(mask);
      for (int i = 0; i < N; i++) {
        double d = derivative(mask, i);
        boolean hard = mask[i] == 0 || mask[i] == 1;
        double[][] sums =
            !hard
                ? gradients.softSum()
                : mask[i] == 1 ? gradients.keptSum() : gradients.ablatedSum();
        sums[e][i] += d;
        (hard ? gradients.hardSquares() : gradients.softSquares())[e][i] += d * d;
      }
    }
  }
}
