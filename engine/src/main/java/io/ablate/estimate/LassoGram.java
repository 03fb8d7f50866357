package io.ablate.estimate;

/**
 * With the Gram matrix: a look at a gradient is free, a move costs n. The matrix is shared by all
 * examples, only the gradient belongs to one. Its entries are exact to single precision, which
 * halves the memory that a move reads.
 */
final class LassoGram implements LassoRows {
  private final float[] gram;
  private final double[] gradient;
  private final double outputSquare;

  /**
   * @param gram X̃ᵀX̃/m, n × n
   * @param covariance X̃ᵀỹ/m; becomes this object's
   */
  LassoGram(float[] gram, double[] covariance, double outputSquare) {
    this.gram = gram;
    this.gradient = covariance;
    this.outputSquare = outputSquare;
  }

  @Override
  public int columns() {
    return gradient.length;
  }

  @Override
  public double outputSquare() {
    return outputSquare;
  }

  @Override
  public double square(int column) {
    return gram[column * gradient.length + column];
  }

  @Override
  public double gradient(int column) {
    return gradient[column];
  }

  @Override
  public void move(int column, double change) {
    double[] target = gradient;
    float[] matrix = gram;
    int at = column * target.length;
    for (int j = 0; j < target.length; j++) {
      target[j] -= change * matrix[at + j];
    }
  }

  @Override
  public double[] gradients() {
    return gradient;
  }
}
