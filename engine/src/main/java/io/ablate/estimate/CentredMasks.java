package io.ablate.estimate;

import io.ablate.linalg.LinearAlgebra;
import io.ablate.mask.MaskMatrix;
import java.util.Arrays;
import java.util.Map;

/**
 * The column-centred masks X̃ = X − 1x̄ᵀ, never stored: products come from the packed bits. Dense
 * operands are row-major with one column per example.
 */
final class CentredMasks {
  private final LinearAlgebra algebra;
  private final MaskMatrix x;
  private final double[] columnCounts;

  CentredMasks(LinearAlgebra algebra, MaskMatrix x) {
    this.algebra = algebra;
    this.x = x;
    this.columnCounts = Arrays.stream(x.columnCounts()).asDoubleStream().toArray();
  }

  int rows() {
    return x.rows();
  }

  int columns() {
    return x.columns();
  }

  /** Ones of every column. */
  double[] columnCounts() {
    return columnCounts.clone();
  }

  /** x̄. */
  double[] means() {
    return Arrays.stream(columnCounts).map(count -> count / x.rows()).toArray();
  }

  /** The trace of both X̃ᵀX̃ and X̃X̃ᵀ. */
  double trace() {
    double m = x.rows();
    return Arrays.stream(columnCounts).map(count -> count * (m - count) / m).sum();
  }

  /** Models with attributions θ, examples × columns, for outputs of these means. */
  ComponentModels models(
      String method, double[][] theta, double[] outputMeans, Map<String, Object> diagnostics) {
    double[] meanMask = means();
    double[] intercepts = new double[outputMeans.length];
    Arrays.parallelSetAll(intercepts, e -> intercept(outputMeans[e], meanMask, theta[e]));
    return new ComponentModels(method, theta, intercepts, diagnostics);
  }

  private static double intercept(double outputMean, double[] meanMask, double[] theta) {
    double intercept = outputMean;
    for (int j = 0; j < meanMask.length; j++) {
      intercept -= meanMask[j] * theta[j];
    }
    return intercept;
  }

  /** X̃ᵀX̃. The numerator is a whole number, so that centring loses nothing to cancellation. */
  double[] gram() {
    int n = x.columns();
    double m = x.rows();
    double[] gram = algebra.gram(x);
    for (int i = 0; i < n; i++) {
      for (int j = 0; j < n; j++) {
        gram[i * n + j] = (m * gram[i * n + j] - columnCounts[i] * columnCounts[j]) / m;
      }
    }
    return gram;
  }

  /** X̃X̃ᵀ, centred in whole numbers as well. */
  double[] kernel() {
    int m = x.rows();
    double[] kernel = algebra.kernel(x);
    double[] rowTerm = algebra.times(x, columnCounts, 1);
    double constant = 0;
    for (double count : columnCounts) {
      constant += count * count;
    }
    double square = (double) m * m;
    for (int a = 0; a < m; a++) {
      for (int b = 0; b < m; b++) {
        kernel[a * m + b] =
            (square * kernel[a * m + b] - m * (rowTerm[a] + rowTerm[b]) + constant) / square;
      }
    }
    return kernel;
  }

  /** X̃·B, m × k. */
  double[] times(double[] b, int k) {
    double[] product = algebra.times(x, b, k);
    double[] mean = meanTimes(b, k);
    for (int row = 0; row < x.rows(); row++) {
      for (int e = 0; e < k; e++) {
        product[row * k + e] -= mean[e];
      }
    }
    return product;
  }

  /** X̃ᵀ·B, n × k. */
  double[] transposeTimes(double[] b, int k) {
    double[] product = algebra.transposeTimes(x, b, k);
    double[] sums = new double[k];
    for (int row = 0; row < x.rows(); row++) {
      for (int e = 0; e < k; e++) {
        sums[e] += b[row * k + e];
      }
    }
    double m = x.rows();
    for (int j = 0; j < columnCounts.length; j++) {
      for (int e = 0; e < k; e++) {
        product[j * k + e] -= columnCounts[j] / m * sums[e];
      }
    }
    return product;
  }

  /** x̄ᵀB: what the mean mask predicts. */
  double[] meanTimes(double[] b, int k) {
    double[] mean = new double[k];
    double m = x.rows();
    for (int j = 0; j < columnCounts.length; j++) {
      for (int e = 0; e < k; e++) {
        mean[e] += columnCounts[j] / m * b[j * k + e];
      }
    }
    return mean;
  }
}
