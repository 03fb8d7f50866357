package io.ablate.cuda;

import static io.ablate.cuda.ElementType.F32;
import static io.ablate.cuda.ElementType.F64;
import static io.ablate.cuda.ElementType.I32;

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
   * @param lambda [outputs] of {@link ElementType#F64}
   * @param previous the λ of the last call; at first the greatest |gradient|
   * @param enough [outputs]: sweeps end when no coordinate moved the fit's mean square by more
   * @param sweeps [outputs] of {@link ElementType#I32}, overwritten: how many there were
   */
  static void solve(
      Device device,
      DeviceArray gram,
      DeviceArray gradient,
      DeviceArray theta,
      DeviceArray lambda,
      DeviceArray previous,
      DeviceArray enough,
      DeviceArray sweeps) {
    gradient.requireAxes(F64, 2);
    int outputs = gradient.extent(0);
    int columns = gradient.extent(1);
    if (columns > MOST_COLUMNS) {
      throw new IllegalArgumentException("more than " + MOST_COLUMNS + " columns: " + gradient);
    }
    device
        .kernel("lasso", "lasso_solve")
        .grid(outputs, 1, 1)
        .block(Math.min(Launch.wholeWarps(columns), THREADS), 1)
        .with(gram.require(F32, columns, columns))
        .with(gradient)
        .with(theta.require(F64, outputs, columns))
        .with(lambda.require(F64, outputs))
        .with(previous.require(F64, outputs))
        .with(enough.require(F64, outputs))
        .with(sweeps.require(I32, outputs))
        .with(columns)
        .with(MOST_SWEEPS)
        .launch();
  }
}
