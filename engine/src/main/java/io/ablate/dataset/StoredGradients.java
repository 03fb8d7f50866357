package io.ablate.dataset;

/**
 * What the first gradient passes of a store told of every example. Sums are over passes: of the
 * derivative of the output by entry i of the mask, where that was 1, 0 or between, and of its
 * square.
 *
 * @param masks q × n: the masks of the passes, shared by all examples
 * @param outputs examples × q: the outputs under them
 * @param keptSum examples × n: Σ ∂ᵢf over the passes in which entry i was 1
 * @param ablatedSum examples × n: over those in which it was 0
 * @param softSum examples × n: over those in which it was soft; zeros where none ever is
 * @param hardSquares examples × n: Σ (∂ᵢf)² over the passes in which entry i was 0 or 1
 * @param softSquares examples × n: over those in which it was soft; zeros where none ever is
 * @param unablated examples × n: ∂ᵢf at the mask of ones
 */
public record StoredGradients(
    float[][] masks,
    double[][] outputs,
    double[][] keptSum,
    double[][] ablatedSum,
    double[][] softSum,
    double[][] hardSquares,
    double[][] softSquares,
    double[][] unablated) {

  /** Number of passes, q. */
  public int passes() {
    return masks.length;
  }
}
