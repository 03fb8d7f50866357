package io.ablate.estimate;

import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/**
 * The outputs from which hyper-parameters are learnt: as many rows and examples as pay, since the
 * cost of one evaluation grows with rows³ · examples while a few thousand outputs settle a handful
 * of variances.
 */
final class PooledOutputs {
  static final int EXAMPLES = 16;
  static final int MOST_ROWS = 400;
  private static final int FEWEST_ROWS = 250;
  private static final long WORK = 6_000_000_000L;
  private static final long ENTRIES = 32_000_000L;

  final Design design;

  /** Indices into the examples of the data. */
  final int[] examples;

  final List<LayerKernels> kernels;

  /** Per pooled example, its outputs on the rows of {@link #design}, centred within the groups. */
  final double[][] outputs;

  private PooledOutputs(
      Design design, int[] examples, List<LayerKernels> kernels, double[][] outputs) {
    this.design = design;
    this.examples = examples;
    this.kernels = kernels;
    this.outputs = outputs;
  }

  /** With at most {@link #MOST_ROWS} rows. */
  static PooledOutputs of(
      Design all,
      double[][] outputs,
      double[][] scale,
      Layers layers,
      int most,
      FitContext context) {
    return of(all, outputs, scale, layers, most, MOST_ROWS, context);
  }

  /**
   * @param outputs examples × rows, standardised; those that are all zero are left out
   * @param scale examples × columns
   * @param most how many outputs suffice
   * @param mostRows how many rows
   */
  static PooledOutputs of(
      Design all,
      double[][] outputs,
      double[][] scale,
      Layers layers,
      int most,
      int mostRows,
      FitContext context) {
    int[] varying =
        IntStream.range(0, outputs.length)
            .filter(e -> Arrays.stream(outputs[e]).anyMatch(y -> y != 0))
            .toArray();
    int count = Math.min(EXAMPLES, varying.length);
    int rows = Math.clamp(most / Math.max(1, count), FEWEST_ROWS, MOST_ROWS);
    rows = Math.min(Math.min(rows, mostRows), all.rows());
    while (count > 4 && exceeds(rows, count, all.columns(), layers.count())) {
      count--;
    }
    while (rows > 32 && exceeds(rows, count, all.columns(), layers.count())) {
      rows -= rows / 8;
    }
    int soft = (int) ((long) rows * all.softRows() / Math.max(1, all.rows()));
    Design design = all.first(rows - soft, soft);
    int[] examples = Arrays.copyOf(varying, count);
    double[][] some = new double[count][];
    for (int p = 0; p < count; p++) {
      double[] y = outputs[examples[p]];
      some[p] = new double[design.rows()];
      System.arraycopy(y, 0, some[p], 0, design.hardRows());
      System.arraycopy(y, all.hardRows(), some[p], design.hardRows(), soft);
      centre(some[p], 0, design.hardRows());
      centre(some[p], design.hardRows(), design.rows());
    }
    LayerKernels.Spaces spaces = new LayerKernels.Spaces(design.rows());
    List<LayerKernels> kernels =
        Parallel.map(
            "layer kernels",
            count,
            context,
            p -> {
              double[][] perLayer = new double[layers.count()][];
              for (int g = 0; g < perLayer.length; g++) {
                int[] columns = layers.columns(g);
                double[] factor =
                    Arrays.stream(columns).mapToDouble(i -> scale[examples[p]][i]).toArray();
                perLayer[g] = design.kernel(columns, factor);
              }
              return new LayerKernels(design.rows(), perLayer, spaces);
            });
    return new PooledOutputs(design, examples, kernels, some);
  }

  private static boolean exceeds(long rows, long examples, long columns, long layers) {
    return rows * rows * columns * examples > WORK || rows * rows / 2 * layers * examples > ENTRIES;
  }

  /** Subtracts the mean of entries {@code from} to {@code to − 1}; exact zeros where constant. */
  static double centre(double[] values, int from, int to) {
    if (from == to) {
      return 0;
    }
    double sum = 0;
    boolean constant = true;
    for (int i = from; i < to; i++) {
      sum += values[i];
      constant &= values[i] == values[from];
    }
    double mean = constant ? values[from] : sum / (to - from);
    for (int i = from; i < to; i++) {
      values[i] -= mean;
    }
    return mean;
  }

  /** Outputs' variance per unit of every layer's prior variance, averaged over the examples. */
  double[] meanDiagonal(int layers) {
    double[] mean = new double[layers];
    for (LayerKernels example : kernels) {
      double[] one = example.meanDiagonal();
      for (int g = 0; g < layers; g++) {
        mean[g] += one[g] / kernels.size();
      }
    }
    return mean;
  }
}
