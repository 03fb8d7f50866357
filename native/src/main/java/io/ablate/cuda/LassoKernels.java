package io.ablate.cuda;

import static io.ablate.cuda.ElementType.F32;
import static io.ablate.cuda.ElementType.F64;
import static io.ablate.cuda.ElementType.I32;
import static io.ablate.cuda.ElementType.I64;

import io.ablate.mask.MaskMatrix;

/** ‖ỹ − X̃θ‖²/2m + λ‖θ‖₁ for many outputs that share a Gram matrix ({@code lasso.cu}). */
final class LassoKernels {
  /** What a block's list of columns holds. */
  static final int MOST_COLUMNS = 65_536;

  private static final int THREADS = 256;
  private static final int MOST_SWEEPS = 5000;

  private LassoKernels() {}

  /**
   * Solves for one λ per output, starting where the last call ended.
   *
   * @param gram X̃ᵀX̃/m, [columns, columns] of {@link ElementType#F32}
   * @param gradient X̃ᵀ(ỹ − X̃θ)/m, [outputs, columns] of {@link ElementType#F64}; goes with θ
   * @param theta [outputs, columns] of {@link ElementType#F64}
   * @param lists columns that were ever not 0 or might have become so, [outputs, columns] of {@link
   *     ElementType#I32}
   * @param lengths of the lists, [outputs] of {@link ElementType#I32}; at first 0
   * @param lambda [outputs] of {@link ElementType#F64}; where it is NaN, nothing changes
   * @param previous the λ of the last call; at first the greatest |gradient|
   * @param enough [outputs]: sweeps end when no coordinate moved the fit's mean square by more
   * @throws IllegalArgumentException if there are more columns than {@value #MOST_COLUMNS}
   */
  static void solve(
      Device device,
      DeviceArray gram,
      DeviceArray gradient,
      DeviceArray theta,
      DeviceArray lists,
      DeviceArray lengths,
      DeviceArray lambda,
      DeviceArray previous,
      DeviceArray enough) {
    gradient.requireAxes(F64, 2);
    int outputs = gradient.extent(0);
    int columns = gradient.extent(1);
    if (columns > MOST_COLUMNS) {
      throw new IllegalArgumentException("more than " + MOST_COLUMNS + " columns: " + gradient);
    }
    device
        .kernel("lasso", "lasso_solve")
        .grid(outputs, 1, 1)
        .block(threads(columns), 1)
        .with(gram.require(F32, columns, columns))
        .with(gradient)
        .with(theta.require(F64, outputs, columns))
        .with(lists.require(I32, outputs, columns))
        .with(lengths.require(I32, outputs))
        .with(lambda.require(F64, outputs))
        .with(previous.require(F64, outputs))
        .with(enough.require(F64, outputs))
        .with(columns)
        .with(MOST_SWEEPS)
        .launch();
  }

  private static int threads(int columns) {
    return Math.min(Launch.wholeWarps(columns), THREADS);
  }

  /**
   * Sums of squared errors on other rows.
   *
   * @param masks of these rows, [rows, words]
   * @param means of the columns where θ was fitted, [columns] of {@link ElementType#F64}
   * @param theta [outputs, columns] of {@link ElementType#F64}
   * @param y [outputs, rows] of {@link ElementType#F64}, less the mean where θ was fitted
   * @param errors [outputs] of {@link ElementType#F64}, overwritten
   */
  static void errors(
      Device device,
      DeviceArray masks,
      DeviceArray means,
      DeviceArray theta,
      DeviceArray y,
      DeviceArray errors) {
    int outputs = theta.requireAxes(F64, 2).extent(0);
    int columns = theta.extent(1);
    int rows = masks.requireAxes(I64, 2).extent(0);
    int words = MaskMatrix.wordsPerRow(columns);
    device
        .kernel("lasso", "lasso_errors")
        .grid(outputs, 1, 1)
        .block(threads(columns), 1)
        .with(masks.require(I64, rows, words))
        .with(means.require(F64, columns))
        .with(theta)
        .with(y.require(F64, outputs, rows))
        .with(errors.require(F64, outputs))
        .with(rows)
        .with(columns)
        .with(words)
        .launch();
  }
}
