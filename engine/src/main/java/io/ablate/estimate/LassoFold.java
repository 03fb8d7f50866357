package io.ablate.estimate;

import io.ablate.mask.MaskMatrix;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * All rows but one fold's, or all, for all examples: what they share is computed once. Means are
 * those of these rows. Thread-safe.
 */
public final class LassoFold {
  private final MaskMatrix masks;
  private final FoldedColumns x;
  private final int leftOut;
  private final int rows;
  private final double[][] outputs;
  private final double[] means;
  private final float @Nullable [] gram;
  private final double @Nullable [] covariance;

  /**
   * @param masks all rows, in their own order
   * @param x their columns
   * @param leftOut the fold to leave out, or −1
   * @param outputs examples × m, by rank
   * @param counts XᵀX of the rows that count, or null for the form by residuals
   * @param products Xᵀy of these rows, n × examples; becomes this object's
   */
  LassoFold(
      MaskMatrix masks,
      FoldedColumns x,
      int leftOut,
      double[][] outputs,
      double @Nullable [] counts,
      double @Nullable [] products) {
    this.masks = masks;
    this.x = x;
    this.leftOut = leftOut;
    this.rows = x.folds().rows() - (leftOut < 0 ? 0 : x.folds().size(leftOut));
    this.outputs = outputs;
    this.means = new double[outputs.length];
    for (int e = 0; e < means.length; e++) {
      for (int rank = 0; rank < outputs[e].length; rank++) {
        means[e] += counts(rank) ? outputs[e][rank] / rows : 0;
      }
    }
    this.gram = counts == null ? null : centred(counts);
    this.covariance = products;
    if (counts != null && products != null) {
      for (int i = 0; i < products.length; i++) {
        int j = i / means.length;
        double kept = counts[j * x.columns() + j];
        products[i] = (products[i] - kept * means[i % means.length]) / rows;
      }
    }
  }

  /** X̃ᵀX̃/m from counts; the numerator is a whole number. */
  private float[] centred(double[] counts) {
    int n = x.columns();
    double m = rows;
    double square = m * m;
    double[] kept = new double[n];
    for (int i = 0; i < n; i++) {
      kept[i] = counts[i * n + i];
    }
    float[] gram = new float[counts.length];
    for (int i = 0; i < n; i++) {
      for (int j = 0; j < n; j++) {
        gram[i * n + j] = (float) ((m * counts[i * n + j] - kept[i] * kept[j]) / square);
      }
    }
    return gram;
  }

  /** A lasso for one example, at θ = 0. */
  LassoRows example(int e) {
    if (gram == null || covariance == null) {
      return new LassoResiduals(x, outputs[e], leftOut);
    }
    return new LassoGram(gram, covariance(e), outputSquare(e));
  }

  /** Number of columns, n. */
  public int columns() {
    return x.columns();
  }

  /** X̃ᵀX̃/m, n × n, of the form by Gram matrices; not to be changed. */
  public float[] gram() {
    if (gram == null) {
      throw new IllegalStateException("these rows have no Gram matrix");
    }
    return gram;
  }

  /** X̃ᵀỹ/m of an example, n, of the form by Gram matrices; a copy. */
  public double[] covariance(int e) {
    if (covariance == null) {
      throw new IllegalStateException("these rows have no Gram matrix");
    }
    double[] own = new double[x.columns()];
    for (int j = 0; j < own.length; j++) {
      own[j] = covariance[j * outputs.length + e];
    }
    return own;
  }

  /** Mean of ỹ² of an example. */
  public double outputSquare(int e) {
    double squares = 0;
    for (int rank = 0; rank < outputs[e].length; rank++) {
      double deviation = outputs[e][rank] - means[e];
      squares += counts(rank) ? deviation * deviation : 0;
    }
    return squares / rows;
  }

  /** Number of rows that were left out. */
  public int heldOut() {
    return leftOut < 0 ? 0 : x.folds().size(leftOut);
  }

  /** The masks that were left out. */
  public MaskMatrix heldOutMasks() {
    int[] start = x.folds().start();
    return masks.select(
        leftOut < 0
            ? new int[0]
            : Arrays.copyOfRange(x.folds().order(), start[leftOut], start[leftOut + 1]));
  }

  /** What an example's outputs that were left out are more than its mean. */
  public double[] heldOutDeviations(int e) {
    double[] deviations = new double[heldOut()];
    Arrays.setAll(deviations, i -> outputs[e][x.folds().start()[leftOut] + i] - means[e]);
    return deviations;
  }

  /** Share of the rows that keep each column, n. */
  public double[] columnMeans() {
    double[] kept = new double[x.columns()];
    for (int j = 0; j < kept.length; j++) {
      double all = x.to(j) - x.from(j);
      double share = (all - (leftOut < 0 ? 0 : x.to(j, leftOut) - x.from(j, leftOut))) / rows;
      kept[j] = x.sign(j) > 0 ? share : 1 - share;
    }
    return kept;
  }

  /** Sum of squared errors on the fold that was left out. */
  double heldOutError(int e, CoordinateDescent fit) {
    int from = x.folds().start()[leftOut];
    double[] predicted = new double[x.folds().size(leftOut)];
    double[] theta = fit.theta();
    double base = means[e];
    for (int i = 0; i < fit.listLength(); i++) {
      int j = fit.list()[i];
      if (theta[j] != 0) {
        double step = x.sign(j) * theta[j];
        int heldOut = x.to(j, leftOut) - x.from(j, leftOut);
        base -= step * (x.to(j) - x.from(j) - heldOut) / rows;
        for (int r = x.from(j, leftOut); r < x.to(j, leftOut); r++) {
          predicted[x.ranks()[r] - from] += step;
        }
      }
    }
    double sum = 0;
    for (int i = 0; i < predicted.length; i++) {
      double error = outputs[e][from + i] - base - predicted[i];
      sum += error * error;
    }
    return sum;
  }

  private boolean counts(int rank) {
    return leftOut < 0
        || rank < x.folds().start()[leftOut]
        || rank >= x.folds().start()[leftOut + 1];
  }
}
