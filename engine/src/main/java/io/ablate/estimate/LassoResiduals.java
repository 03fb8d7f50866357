package io.ablate.estimate;

/**
 * With the residuals: a gradient or a move costs as much as the column has listed rows, about m/10,
 * and nothing of size n × n is needed. Residuals are kept up to a constant, their mean, which the
 * centred columns do not see.
 */
final class LassoResiduals implements LassoRows {
  private final FoldedColumns x;
  private final int leftOut;
  private final int rows;
  private final double[] residual;
  private final double[] gradient;
  private final double outputSquare;
  private double sum;

  /**
   * @param outputs by rank, of all rows; any constant may be added
   * @param leftOut the fold to leave out, or −1
   */
  LassoResiduals(FoldedColumns x, double[] outputs, int leftOut) {
    this.x = x;
    this.leftOut = leftOut;
    this.residual = outputs.clone();
    this.gradient = new double[x.columns()];
    Folds folds = x.folds();
    this.rows = folds.rows() - (leftOut < 0 ? 0 : folds.size(leftOut));
    double squares = 0;
    for (int rank = 0; rank < outputs.length; rank++) {
      if (leftOut < 0 || rank < folds.start()[leftOut] || rank >= folds.start()[leftOut + 1]) {
        sum += outputs[rank];
        squares += outputs[rank] * outputs[rank];
      }
    }
    double mean = sum / rows;
    this.outputSquare = Math.max(0, squares / rows - mean * mean);
  }

  @Override
  public int columns() {
    return x.columns();
  }

  @Override
  public double outputSquare() {
    return outputSquare;
  }

  @Override
  public double square(int column) {
    double share = (double) listed(column) / rows;
    return share * (1 - share);
  }

  @Override
  public double gradient(int column) {
    double listed =
        leftOut < 0
            ? sum(x.from(column), x.to(column))
            : sum(x.from(column), x.from(column, leftOut))
                + sum(x.to(column, leftOut), x.to(column));
    return x.sign(column) * (listed - listed(column) * (sum / rows)) / rows;
  }

  private double sum(int from, int to) {
    int[] ranks = x.ranks();
    double sum = 0;
    for (int i = from; i < to; i++) {
      sum += residual[ranks[i]];
    }
    return sum;
  }

  @Override
  public void move(int column, double change) {
    int[] ranks = x.ranks();
    double step = x.sign(column) * change;
    for (int i = x.from(column); i < x.to(column); i++) {
      residual[ranks[i]] -= step;
    }
    sum -= step * listed(column);
  }

  @Override
  public double[] gradients() {
    for (int j = 0; j < gradient.length; j++) {
      gradient[j] = gradient(j);
    }
    return gradient;
  }

  /** Listed rows of a column among those that count. */
  private int listed(int column) {
    int all = x.to(column) - x.from(column);
    return leftOut < 0 ? all : all - (x.to(column, leftOut) - x.from(column, leftOut));
  }
}
