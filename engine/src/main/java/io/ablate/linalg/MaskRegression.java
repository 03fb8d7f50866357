package io.ablate.linalg;

/**
 * Regression on the column-centred masks X̃ by their normal equations, formed and factored once and
 * kept where that was done. In the form by components the matrix is A = X̃ᵀX̃; in the form by rows
 * it is A = X̃X̃ᵀ + c·11ᵀ, with c such that the eigenvalue of the ones is the mean of all. For one
 * thread at a time.
 */
public interface MaskRegression extends AutoCloseable {
  /**
   * ‖A‖∞ · max ‖A⁻¹p‖ over some vectors p; infinite where A is not positive definite to working
   * precision.
   *
   * @param probes size of A × count
   */
  double condition(double[] probes, int count);

  /**
   * The solution for every output, outputs × n. Not to be called where A is not positive definite.
   *
   * @param outputs outputs × m, not centred
   * @param refine whether to add a step of iterative refinement against the masks
   */
  double[][] solve(double[][] outputs, boolean refine);

  /** Frees what it holds. */
  @Override
  void close();
}
