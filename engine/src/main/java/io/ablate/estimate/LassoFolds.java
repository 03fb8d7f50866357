package io.ablate.estimate;

import io.ablate.linalg.LinearAlgebra;
import io.ablate.mask.MaskMatrix;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Makes the {@link LassoFold}s of one fit. In the form by Gram matrices the counts of a fold's
 * complement are those of all rows less those of the fold, so that all folds together cost as much
 * as one pass over the rows.
 */
final class LassoFolds {
  private final LinearAlgebra algebra;
  private final MaskMatrix masks;
  private final FoldedColumns x;
  private final double[][] outputs;
  private final double @Nullable [] counts;
  private final double @Nullable [] products;

  /**
   * @param x the columns of {@code masks}
   * @param outputs examples × m, by rank
   * @param byGram the form
   */
  LassoFolds(
      LinearAlgebra algebra,
      MaskMatrix masks,
      FoldedColumns x,
      double[][] outputs,
      boolean byGram) {
    this.algebra = algebra;
    this.masks = masks;
    this.x = x;
    this.outputs = outputs;
    this.counts = byGram ? algebra.gram(masks) : null;
    this.products = byGram ? products(0, masks.rows()) : null;
  }

  /** Number of folds. */
  int count() {
    return x.folds().count();
  }

  int columns() {
    return x.columns();
  }

  int rows() {
    return masks.rows();
  }

  /** All rows. */
  LassoFold all() {
    return without(-1);
  }

  /** All rows but one fold's. */
  LassoFold without(int fold) {
    if (counts == null || products == null) {
      return new LassoFold(masks, x, fold, outputs, null, null);
    }
    double[] left = counts;
    double[] covariance = products.clone();
    if (fold >= 0) {
      int from = x.folds().start()[fold];
      int to = x.folds().start()[fold + 1];
      left = algebra.gram(masks.select(Arrays.copyOfRange(x.folds().order(), from, to)));
      double[] some = products(from, to);
      for (int i = 0; i < left.length; i++) {
        left[i] = counts[i] - left[i];
      }
      for (int i = 0; i < covariance.length; i++) {
        covariance[i] -= some[i];
      }
    }
    return new LassoFold(masks, x, fold, outputs, left, covariance);
  }

  /** Xᵀy over some ranks, n × examples. */
  private double[] products(int from, int to) {
    int[] rows = Arrays.copyOfRange(x.folds().order(), from, to);
    int k = outputs.length;
    double[] y = new double[Math.multiplyExact(to - from, k)];
    for (int rank = from; rank < to; rank++) {
      for (int e = 0; e < k; e++) {
        y[(rank - from) * k + e] = outputs[e][rank];
      }
    }
    return algebra.transposeTimes(masks.select(rows), y, k);
  }
}
