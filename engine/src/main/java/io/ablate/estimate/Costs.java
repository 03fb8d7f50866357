package io.ablate.estimate;

/**
 * What a store has to offer, and at which price in pass equivalents: an ordinary forward pass of
 * all examples costs 1.
 *
 * @param gradientPass price of a gradient pass, forward and backward; about 2 to 2.6
 * @param components n
 * @param rows ordinary rows available
 * @param gradientPasses the numbers of gradient passes whose sums are available, ascending; empty
 *     where there are none
 * @param soft whether the gradient passes have soft entries
 * @param unablated whether the gradient at the mask of ones is there; it costs a gradient pass
 * @param activationScale whether the activation scale is there; it costs 1
 */
public record Costs(
    double gradientPass,
    int components,
    int rows,
    int[] gradientPasses,
    boolean soft,
    boolean unablated,
    boolean activationScale) {
  public Costs {
    if (!(gradientPass > 0)) {
      throw new IllegalArgumentException("a gradient pass costs " + gradientPass);
    }
  }

  /** The largest available number of gradient passes that {@code budget} pays for; 0 if none. */
  public int affordable(double budget) {
    int best = 0;
    for (int passes : gradientPasses) {
      if (passes * gradientPass <= budget + 1e-9) {
        best = Math.max(best, passes);
      }
    }
    return best;
  }
}
