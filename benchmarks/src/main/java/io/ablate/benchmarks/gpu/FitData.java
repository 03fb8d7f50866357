package io.ablate.benchmarks.gpu;

import io.ablate.base.RandomStreams;
import io.ablate.benchmarks.Check;
import io.ablate.estimate.SparseRows;
import io.ablate.estimate.TrainingData;
import io.ablate.mask.BernoulliMasks;
import io.ablate.mask.MaskMatrix;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.stream.IntStream;

/**
 * Outputs by the effects of a few components of every example, and a little noise: quick to draw in
 * any number, and the effects are known.
 */
final class FitData {
  /** Of every planted component. */
  private static final double EFFECT = 3;

  private static final double NOISE = .05;

  /** The largest difference from a planted effect, of a fit with more rows than columns. */
  private static final double FAR = .1;

  final TrainingData data;
  private final int[][] planted;

  /**
   * @param each how many components of an example have an effect
   */
  FitData(Sizes.Fit size, int each) {
    MaskMatrix masks = MaskMatrix.of(new BernoulliMasks(11, 0.9, size.columns()), 0, size.rows());
    long[][] columns = columns(masks);
    planted = new int[size.examples()][];
    double[][] outputs = new double[size.examples()][];
    IntStream.range(0, size.examples())
        .parallel()
        .forEach(
            e -> {
              SplittableRandom random = RandomStreams.stream(12, e);
              planted[e] = random.ints(0, size.columns()).distinct().limit(each).toArray();
              outputs[e] = outputs(columns, planted[e], size.rows(), random.nextLong() | 1);
            });
    data = new TrainingData(masks, outputs, new int[size.columns()]);
  }

  /** The masks by columns: bit i mod 64 of word i / 64 is row i's. */
  private static long[][] columns(MaskMatrix masks) {
    long[][] columns = new long[masks.columns()][MaskMatrix.wordsPerRow(masks.rows())];
    IntStream.range(0, masks.wordsPerRow())
        .parallel()
        .forEach(
            word -> {
              int from = word * Long.SIZE;
              int to = Math.min(masks.columns(), from + Long.SIZE);
              for (int row = 0; row < masks.rows(); row++) {
                long bits = masks.words()[row * masks.wordsPerRow() + word];
                for (int j = from; j < to; j++) {
                  columns[j][row >>> 6] |= (bits >>> j & 1) << row;
                }
              }
            });
    return columns;
  }

  private static double[] outputs(long[][] columns, int[] planted, int rows, long seed) {
    double[] outputs = new double[rows];
    for (int j : planted) {
      long[] column = columns[j];
      for (int row = 0; row < rows; row++) {
        outputs[row] += column[row >>> 6] >>> row & 1;
      }
    }
    long state = seed; // xorshift: quick, and good enough for noise
    for (int row = 0; row < rows; row++) {
      state ^= state << 13;
      state ^= state >>> 7;
      state ^= state << 17;
      outputs[row] = EFFECT * outputs[row] + NOISE * 0x1p-53 * (state >> 11);
    }
    return outputs;
  }

  /**
   * Refuses attributions that are not the planted effects; of a fit with more rows than columns.
   */
  void requireEffects(double[][] attributions) {
    for (int e = 0; e < attributions.length; e += Math.max(1, attributions.length / 16)) {
      double[] expected = new double[data.columns()];
      for (int j : planted[e]) {
        expected[j] = EFFECT;
      }
      for (int j = 0; j < expected.length; j++) {
        Check.that(
            Math.abs(attributions[e][j] - expected[j]) < FAR,
            "example %d, component %d: %.3f, not %.0f"
                .formatted(e, j, attributions[e][j], expected[j]));
      }
    }
  }

  /** The first example alone. */
  TrainingData first() {
    return new TrainingData(data.masks(), new double[][] {data.outputs()[0]}, data.layerOfColumn());
  }

  /** The ablated components of every row. */
  SparseRows ablated() {
    MaskMatrix masks = data.masks();
    int[][] listed = new int[masks.rows()][];
    Arrays.setAll(
        listed,
        row -> IntStream.range(0, masks.columns()).filter(j -> !masks.get(row, j)).toArray());
    return new SparseRows(listed, masks.columns(), true);
  }

  /** Outputs of every example about 0 and of deviation 1. */
  float[][] standardised() {
    float[][] targets = new float[data.examples()][data.rows()];
    for (int e = 0; e < targets.length; e++) {
      double[] y = data.outputs()[e];
      double mean = Arrays.stream(y).sum() / y.length;
      double square = 0;
      for (double value : y) {
        square += (value - mean) * (value - mean);
      }
      double deviation = Math.sqrt(square / y.length);
      for (int row = 0; row < y.length; row++) {
        targets[e][row] = (float) ((y[row] - mean) / deviation);
      }
    }
    return targets;
  }
}
