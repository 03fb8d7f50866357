package io.ablate.estimate;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** The columns of every layer, and the relative scale of the components within theirs. */
final class Layers {
  /** Keeps a component that was silent on the unablated pass from being ruled out altogether. */
  private static final double FLOOR = .02;

  private final int[][] columns;

  Layers(int[] layerOfColumn) {
    int count = 0;
    for (int layer : layerOfColumn) {
      count = Math.max(count, layer + 1);
    }
    int[] sizes = new int[count];
    for (int layer : layerOfColumn) {
      sizes[layer]++;
    }
    columns = new int[count][];
    for (int g = 0; g < count; g++) {
      columns[g] = new int[sizes[g]];
    }
    int[] filled = new int[count];
    for (int i = 0; i < layerOfColumn.length; i++) {
      columns[layerOfColumn[i]][filled[layerOfColumn[i]]++] = i;
    }
  }

  int count() {
    return columns.length;
  }

  /** The columns of layer g, ascending. */
  int[] columns(int g) {
    return columns[g];
  }

  /** {@link #relativeScale(double[], int, double)} with the scales as they are. */
  double[] relativeScale(double @Nullable [] example, int n) {
    return relativeScale(example, n, 1);
  }

  /**
   * Powers of the activation scales divided by their layer's mean, plus a floor; 1 throughout where
   * none is given or a layer is silent.
   *
   * @param example n, or null
   */
  double[] relativeScale(double @Nullable [] example, int n, double power) {
    double[] scale = new double[n];
    Arrays.fill(scale, 1);
    if (example == null) {
      return scale;
    }
    for (int[] layer : columns) {
      double mean = 0;
      for (int i : layer) {
        mean += Math.pow(Math.abs(example[i]), power) / layer.length;
      }
      if (mean > 0 && Double.isFinite(mean)) {
        for (int i : layer) {
          scale[i] = Math.pow(Math.abs(example[i]), power) / mean + FLOOR;
        }
      }
    }
    return scale;
  }

  /**
   * Scales whose squares are half the given ones' and half the squares of {@code values} relative
   * to their layer's mean square.
   */
  double[] blend(double[] scale, double[] values) {
    double[] blend = scale.clone();
    for (int[] layer : columns) {
      double square = 0;
      for (int i : layer) {
        square += values[i] * values[i] / layer.length;
      }
      if (square > 0) {
        for (int i : layer) {
          blend[i] = Math.sqrt(.5 * scale[i] * scale[i] + .5 * values[i] * values[i] / square);
        }
      }
    }
    return blend;
  }
}
