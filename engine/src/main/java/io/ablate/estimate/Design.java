package io.ablate.estimate;

import io.ablate.linalg.LinearAlgebra;
import io.ablate.mask.MaskMatrix;
import java.util.Arrays;

/**
 * The rows of a regression in two groups with an intercept each: 0/1 masks, packed, and masks with
 * soft entries. Every product is with the columns centred within their group. Vectors over rows
 * hold the 0/1 rows first.
 */
final class Design {
  private static final int BLOCK = 256;

  private final LinearAlgebra algebra;
  private final MaskMatrix hard;
  private final float[][] soft;
  private final CentredMasks centred;
  private final double[] hardMean;
  private final double[] softMean;

  Design(LinearAlgebra algebra, MaskMatrix hard, float[][] soft) {
    this.algebra = algebra;
    this.hard = hard;
    this.soft = soft;
    this.centred = new CentredMasks(algebra, hard);
    int n = hard.columns();
    this.hardMean = new double[n];
    this.softMean = new double[n];
    int[] counts = hard.columnCounts();
    for (int i = 0; i < n; i++) {
      hardMean[i] = counts[i] / (double) Math.max(1, hard.rows());
    }
    for (float[] row : soft) {
      for (int i = 0; i < n; i++) {
        softMean[i] += (double) row[i] / soft.length;
      }
    }
  }

  /** The 0/1 rows. */
  MaskMatrix hard() {
    return hard;
  }

  /** The soft rows. */
  float[][] soft() {
    return soft;
  }

  /** The first rows of either group, centred anew. */
  Design first(int hardRows, int softRows) {
    return new Design(algebra, hard.rows(0, hardRows), Arrays.copyOf(soft, softRows));
  }

  LinearAlgebra algebra() {
    return algebra;
  }

  int rows() {
    return hard.rows() + soft.length;
  }

  int hardRows() {
    return hard.rows();
  }

  int softRows() {
    return soft.length;
  }

  int columns() {
    return hard.columns();
  }

  /** x̄ of the 0/1 rows. */
  double[] hardMeans() {
    return hardMean.clone();
  }

  /** Group means of θᵀx: what separates the intercepts from the means of the outputs. */
  double hardMeanTimes(double[] theta) {
    return dot(hardMean, theta);
  }

  double softMeanTimes(double[] theta) {
    return dot(softMean, theta);
  }

  /** Entries of some columns, each multiplied by its own factor: rows × columns.length. */
  double[] scaledColumns(int[] columns, double[] factor) {
    int width = columns.length;
    double[] block = new double[Math.multiplyExact(rows(), width)];
    for (int c = 0; c < width; c++) {
      int i = columns[c];
      double kept = (1 - hardMean[i]) * factor[c];
      double ablated = -hardMean[i] * factor[c];
      for (int row = 0; row < hard.rows(); row++) {
        block[row * width + c] = hard.get(row, i) ? kept : ablated;
      }
      for (int row = 0; row < soft.length; row++) {
        block[(hard.rows() + row) * width + c] = (soft[row][i] - softMean[i]) * factor[c];
      }
    }
    return block;
  }

  /** X̃ diag(factor²) X̃ᵀ over some columns, rows × rows. */
  double[] kernel(int[] columns, double[] factor) {
    int m = rows();
    double[] kernel = new double[Math.multiplyExact(m, m)];
    for (int from = 0; from < columns.length; from += BLOCK) {
      int[] some = Arrays.copyOfRange(columns, from, Math.min(columns.length, from + BLOCK));
      double[] block = scaledColumns(some, Arrays.copyOfRange(factor, from, from + some.length));
      algebra.multiply(false, true, m, m, some.length, 1, block, block, 1, kernel);
    }
    return kernel;
  }

  /** X̃ᵀX̃ of the 0/1 rows, n × n. */
  double[] hardGram() {
    int n = columns();
    return hard.rows() == 0 ? new double[n * n] : centred.gram();
  }

  /** X̃ᵀX̃ of the soft rows, n × n. */
  double[] softGram() {
    int n = columns();
    double[] gram = new double[Math.multiplyExact(n, n)];
    for (int from = 0; from < soft.length; from += BLOCK) {
      int to = Math.min(soft.length, from + BLOCK);
      double[] block = new double[(to - from) * n];
      for (int row = from; row < to; row++) {
        for (int i = 0; i < n; i++) {
          block[(row - from) * n + i] = soft[row][i] - softMean[i];
        }
      }
      algebra.multiply(true, false, n, n, to - from, 1, block, block, 1, gram);
    }
    return gram;
  }

  /** X̃b, one entry per row. */
  double[] times(double[] b) {
    double[] product =
        hard.rows() == 0 ? new double[rows()] : Arrays.copyOf(centred.times(b, 1), rows());
    double shift = softMeanTimes(b);
    for (int row = 0; row < soft.length; row++) {
      double sum = -shift;
      for (int i = 0; i < b.length; i++) {
        sum += soft[row][i] * b[i];
      }
      product[hard.rows() + row] = sum;
    }
    return product;
  }

  /** X̃ᵀr, one entry per column. */
  double[] transposeTimes(double[] r) {
    double[] product =
        hard.rows() == 0
            ? new double[columns()]
            : centred.transposeTimes(Arrays.copyOf(r, hard.rows()), 1);
    for (int row = 0; row < soft.length; row++) {
      double weight = r[hard.rows() + row];
      for (int i = 0; i < product.length; i++) {
        product[i] += weight * (soft[row][i] - softMean[i]);
      }
    }
    return product;
  }

  private static double dot(double[] a, double[] b) {
    double sum = 0;
    for (int i = 0; i < a.length; i++) {
      sum += a[i] * b[i];
    }
    return sum;
  }
}
