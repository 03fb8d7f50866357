package io.ablate.estimate;

import io.ablate.instrument.OutputFunction;
import io.ablate.mask.MaskMatrix;
import java.util.Arrays;
import java.util.SplittableRandom;

/** Logits linear in the mask with little noise, and the outputs that they give. */
final class LogitSynthetic {
  private LogitSynthetic() {}

  static TrainingData data(
      OutputFunction function, int rows, int n, int examples, int classes, long seed) {
    return data(function, rows, 0, n, examples, classes, seed);
  }

  /**
   * @param passes gradient passes at 0/1 masks, without the noise of the rows; 0 for none
   */
  static TrainingData data(
      OutputFunction function, int rows, int passes, int n, int examples, int classes, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    MaskMatrix masks = SyntheticData.masks(rows, n, seed + 1);
    MaskMatrix ofPasses = SyntheticData.masks(passes, n, seed + 2);
    float[][] logits = new float[examples][rows * classes];
    double[][] outputs = new double[examples][rows];
    int[] labels = new int[examples];
    GradientData gradients = GradientData.empty(passes, n, examples).withoutUnablated();
    for (int pass = 0; pass < passes; pass++) {
      ofPasses.unpack(pass, gradients.masks()[pass], 0);
    }
    for (int e = 0; e < examples; e++) {
      labels[e] = (3 * e + 1) % classes;
      double[][] theta = new double[classes][];
      for (int c = 0; c < classes; c++) {
        theta[c] = random.doubles(n, -1, 1).toArray();
      }
      for (int row = 0; row < rows; row++) {
        double[] z = logits(theta, masks, row);
        double[] stored = new double[classes];
        for (int c = 0; c < classes; c++) {
          logits[e][row * classes + c] = (float) (z[c] + .05 * random.nextGaussian());
          stored[c] = logits[e][row * classes + c];
        }
        outputs[e][row] = function.of(stored, labels[e]);
      }
      for (int pass = 0; pass < passes; pass++) {
        double[] z = logits(theta, ofPasses, pass);
        gradients.outputs()[e][pass] = function.of(z, labels[e]);
        double[] slopes = function.gradient(z, labels[e]);
        for (int i = 0; i < n; i++) {
          double derivative = 0;
          for (int c = 0; c < classes; c++) {
            derivative += slopes[c] * theta[c][i];
          }
          boolean kept = ofPasses.get(pass, i);
          (kept ? gradients.keptSum() : gradients.ablatedSum())[e][i] += derivative;
          gradients.hardSquares()[e][i] += derivative * derivative;
        }
      }
    }
    return new TrainingData(masks, outputs, new int[n], null, passes == 0 ? null : gradients)
        .withLogits(new LogitData(function, labels, classes, logits));
  }

  private static double[] logits(double[][] theta, MaskMatrix masks, int row) {
    double[] z = new double[theta.length];
    for (int c = 0; c < z.length; c++) {
      for (int i = 0; i < theta[c].length; i++) {
        z[c] += masks.get(row, i) ? theta[c][i] : 0;
      }
      z[c] -= .9 * Arrays.stream(theta[c]).sum();
    }
    return z;
  }
}
