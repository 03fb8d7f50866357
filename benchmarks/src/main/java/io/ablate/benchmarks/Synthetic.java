package io.ablate.benchmarks;

import io.ablate.estimate.TrainingData;
import io.ablate.mask.BernoulliMasks;
import io.ablate.mask.MaskMatrix;
import java.util.Arrays;
import java.util.SplittableRandom;

/**
 * Outputs that are linear in the mask plus noise, with known effects, in as many layers as
 * ResNet-18.
 */
public final class Synthetic {
  private static final int LAYERS = 20;

  public final TrainingData data;

  /** Effects of the components, examples × n. */
  final double[][] effects;

  public Synthetic(int rows, int columns, int examples, double noise) {
    MaskMatrix masks = MaskMatrix.of(new BernoulliMasks(11, 0.9, columns), 0, rows);
    SplittableRandom random = new SplittableRandom(12);
    effects = new double[examples][columns];
    double[][] outputs = new double[examples][rows];
    for (int e = 0; e < examples; e++) {
      for (int j = 0; j < columns; j++) {
        effects[e][j] = random.nextGaussian();
      }
      for (int row = 0; row < rows; row++) {
        double sum = noise * random.nextGaussian();
        for (int j = 0; j < columns; j++) {
          sum += masks.get(row, j) ? effects[e][j] : 0;
        }
        outputs[e][row] = sum;
      }
    }
    int[] layerOfColumn = new int[columns];
    Arrays.setAll(layerOfColumn, j -> j * LAYERS / columns);
    data = new TrainingData(masks, outputs, layerOfColumn);
  }
}
