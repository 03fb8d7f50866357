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
    SplittableRandom random = new SplittableRandom(seed);
    MaskMatrix masks = SyntheticData.masks(rows, n, seed + 1);
    float[][] logits = new float[examples][rows * classes];
    double[][] outputs = new double[examples][rows];
    int[] labels = new int[examples];
    for (int e = 0; e < examples; e++) {
      labels[e] = (3 * e + 1) % classes;
      double[][] theta = new double[classes][];
      for (int c = 0; c < classes; c++) {
        theta[c] = random.doubles(n, -1, 1).toArray();
      }
      for (int row = 0; row < rows; row++) {
        double[] z = new double[classes];
        for (int c = 0; c < classes; c++) {
          z[c] = .05 * random.nextGaussian();
          for (int i = 0; i < n; i++) {
            z[c] += masks.get(row, i) ? theta[c][i] : 0;
          }
          z[c] -= .9 * Arrays.stream(theta[c]).sum();
          logits[e][row * classes + c] = (float) z[c];
        }
        double[] stored = new double[classes];
        for (int c = 0; c < classes; c++) {
          stored[c] = logits[e][row * classes + c];
        }
        outputs[e][row] = function.of(stored, labels[e]);
      }
    }
    return new TrainingData(masks, outputs, new int[n])
        .withLogits(new LogitData(function, labels, classes, logits));
  }
}
