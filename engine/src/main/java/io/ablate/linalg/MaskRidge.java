package io.ablate.linalg;

/**
 * Ridge regression on the column-centred masks X̃, with an unpenalised intercept, where its
 * matrices and the outputs stay where they are computed with. Outputs are taken in turns, as many
 * as there is room for; what is found for one does not depend on those beside it. For one thread at
 * a time.
 */
public interface MaskRidge extends AutoCloseable {
  /**
   * Takes outputs in place of those that were there.
   *
   * @param outputs outputs × m, not centred
   * @param from the first to take
   * @return how many it took, at least one
   */
  int load(double[][] outputs, int from);

  /**
   * For each output that was taken, the sum over rows of the squared error of leaving the row out.
   *
   * @param lambda above 0
   */
  double[] leaveOneOut(double lambda);

  /**
   * The coefficients of each output that was taken, outputs × n.
   *
   * @param lambda above 0, one per output
   */
  double[][] coefficients(double[] lambda);

  /** Frees what it holds. */
  @Override
  void close();
}
