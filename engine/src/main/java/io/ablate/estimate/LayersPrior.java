package io.ablate.estimate;

/**
 * A Gaussian prior on one parameter per layer whose deviations from the centre are one part common
 * to all layers and one part of the layer's own, N(0, common² 11ᵀ + own² I): a few outputs settle
 * the common part, while every layer on its own would stay where it began.
 *
 * @param common standard deviation of the common part
 * @param own standard deviation of a layer's own part
 */
record LayersPrior(double common, double own) {
  /**
   * Half the squared Mahalanobis distance of {@code x} from {@code centre} in the entries {@code
   * from} to {@code to − 1}.
   *
   * @param gradient in which theirs is set
   * @param hessian a square to which the second derivatives are added
   */
  double penalty(
      double[] x, double[] centre, int from, int to, double[] gradient, double[] hessian) {
    double sum = 0;
    double squares = 0;
    for (int i = from; i < to; i++) {
      double deviation = x[i] - centre[i];
      sum += deviation;
      squares += deviation * deviation;
    }
    // The inverse of the covariance, by Sherman and Morrison.
    double precision = 1 / (own * own);
    double shared = precision * common * common / (own * own + (to - from) * common * common);
    for (int i = from; i < to; i++) {
      gradient[i] = precision * (x[i] - centre[i]) - shared * sum;
      for (int j = from; j < to; j++) {
        hessian[i * x.length + j] += (i == j ? precision : 0) - shared;
      }
    }
    return .5 * (precision * squares - shared * sum * sum);
  }
}
