package io.ablate.estimate;

import io.ablate.mask.MaskMatrix;
import java.util.SplittableRandom;

/** Seeded masks and linear outputs with noise. */
final class SyntheticData {
  private SyntheticData() {}

  static MaskMatrix masks(int m, int n, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    MaskMatrix masks = new MaskMatrix(m, n);
    for (int i = 0; i < m; i++) {
      for (int j = 0; j < n; j++) {
        masks.set(i, j, random.nextDouble() < .9);
      }
    }
    return masks;
  }

  static TrainingData linear(MaskMatrix masks, int examples, double noise, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    double[][] outputs = new double[examples][masks.rows()];
    for (double[] y : outputs) {
      double[] theta = random.doubles(masks.columns(), -1, 1).toArray();
      for (int i = 0; i < y.length; i++) {
        y[i] = 3 + noise * random.nextGaussian();
        for (int j = 0; j < theta.length; j++) {
          y[i] += masks.get(i, j) ? theta[j] : 0;
        }
      }
    }
    return new TrainingData(masks, outputs, new int[masks.columns()]);
  }

  /** Column {@code order[j]} of the data becomes column j. */
  static TrainingData permuteColumns(TrainingData data, int[] order) {
    MaskMatrix permuted = new MaskMatrix(data.rows(), data.columns());
    for (int i = 0; i < data.rows(); i++) {
      for (int j = 0; j < order.length; j++) {
        permuted.set(i, j, data.masks().get(i, order[j]));
      }
    }
    return new TrainingData(permuted, data.outputs(), data.layerOfColumn());
  }

  static int[] permutation(int n, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    int[] order = new int[n];
    for (int j = 0; j < n; j++) {
      int at = random.nextInt(j + 1);
      order[j] = order[at];
      order[at] = j;
    }
    return order;
  }
}
