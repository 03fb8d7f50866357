package io.ablate.cuda;

/**
 * What all weights share in one step of Adam (Kingma, Ba 2015), or AdamW (Loshchilov, Hutter 2019).
 *
 * @param rate corrected for the start of the moments
 * @param epsilon corrected likewise
 * @param keep what a weight is multiplied by first
 */
record AdamStep(float rate, float epsilon, float keep) {
  private static final double BETA_1 = .9;
  private static final double BETA_2 = .999;
  private static final double EPSILON = 1e-8;

  /**
   * @param number of the step, from 1
   */
  static AdamStep of(float rate, float decay, int number) {
    float correction = (float) Math.sqrt(1 - Math.pow(BETA_2, number));
    return new AdamStep(
        (float) (rate * correction / (1 - Math.pow(BETA_1, number))),
        (float) (EPSILON * correction),
        1 - rate * decay);
  }
}
