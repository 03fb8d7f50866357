package io.ablate.estimate;

import java.util.SplittableRandom;

/**
 * The weights from which networks are trained by Adam: uniform in ±.3/√inputs, ±.5 and ±1/√units
 * for W₁, b₁ and w₂, and b₂ = 0. Input j draws from a stream seeded by {@code inputSeeds[j]} and
 * its network alone, so that reordering the inputs reorders the weights. Draws are those of {@link
 * SplittableRandom}: a device, where they are addressed by their number, makes the same.
 *
 * @param units hidden units of a network
 * @param seeds one per network; equal ones make equal networks
 * @param inputSeeds one per input
 */
public record NetworkStart(int units, long[] seeds, long[] inputSeeds) {
  /** What W₁ starts from stays in the extracted direction as noise: it starts small. */
  private static final double INPUT_BOUND = .3;

  /** Bound of b₁. */
  public static final double BIAS_BOUND = .5;

  /** Bound of W₁. */
  public double inputBound() {
    return INPUT_BOUND / Math.sqrt(inputSeeds.length);
  }

  /** Bound of w₂. */
  public double outerBound() {
    return 1 / Math.sqrt(units);
  }

  /**
   * All weights of a network, (inputs + 3) × units: W₁ᵀ, then b₁, then w₂, then b₂ in the first
   * place of the last row.
   */
  public float[] weights(int network) {
    int inputs = inputSeeds.length;
    float[] weights = new float[Math.multiplyExact(inputs + 3, units)];
    double bound = inputBound();
    for (int j = 0; j < inputs; j++) {
      SplittableRandom random = new SplittableRandom(seeds[network] ^ inputSeeds[j]);
      for (int k = 0; k < units; k++) {
        weights[j * units + k] = (float) (bound * (2 * random.nextDouble() - 1));
      }
    }
    SplittableRandom random = new SplittableRandom(seeds[network]);
    double outer = outerBound();
    for (int k = 0; k < units; k++) {
      weights[inputs * units + k] = (float) (BIAS_BOUND * (2 * random.nextDouble() - 1));
      weights[(inputs + 1) * units + k] = (float) (outer * (2 * random.nextDouble() - 1));
    }
    return weights;
  }
}
