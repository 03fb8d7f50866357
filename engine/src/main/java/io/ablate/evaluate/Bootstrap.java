package io.ablate.evaluate;

import io.ablate.base.RandomStreams;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.stream.IntStream;

/**
 * Paired bootstrap of the mean LDS over examples <em>and</em> held-out masks.
 *
 * <p>Draw d takes as many examples and as many masks as there are, with replacement, from a random
 * stream of its own, so that it is the same for every method and sample size: differences between
 * two curves are paired. Within a draw the ranks are exactly those of the resampled masks. They
 * need no sorting: along the order of the original values, the resampled rank of a value is the
 * number of drawn masks before it plus half of those tied with it. Cost: draws × examples × masks.
 * Immutable, thread-safe; independent of the number of threads.
 */
public final class Bootstrap {
  /** The number of draws that reports use. */
  public static final int DRAWS = 1000;

  private final int examples;
  private final int masks;
  private final int draws;
  private final long seed;

  public Bootstrap(int examples, int masks, int draws, long seed) {
    if (draws < 1) {
      throw new IllegalArgumentException("draws = " + draws);
    }
    this.examples = examples;
    this.masks = masks;
    this.draws = draws;
    this.seed = seed;
  }

  /** The mean LDS over the drawn examples, for every draw; arguments are examples × masks. */
  public double[] means(double[][] predicted, double[][] truth) {
    if (examples == 0) {
      return new double[draws];
    }
    Ordered[] left = ordered(predicted);
    Ordered[] right = ordered(truth);
    return IntStream.range(0, draws)
        .parallel()
        .mapToDouble(
            draw -> {
              SplittableRandom random = RandomStreams.stream(seed, draw);
              int[] exampleCounts = counts(random, examples);
              int[] maskCounts = counts(random, masks);
              int[] ranks = new int[masks];
              double sum = 0;
              for (int e = 0; e < examples; e++) {
                if (exampleCounts[e] > 0 && left[e].usable() && right[e].usable()) {
                  sum += exampleCounts[e] * Ordered.spearman(left[e], right[e], maskCounts, ranks);
                }
              }
              return sum / examples;
            })
        .toArray();
  }

  /** Multiplicities of one draw of examples; for statistics that are means over examples. */
  int[] exampleCounts(int draw) {
    return counts(RandomStreams.stream(seed, draw), examples);
  }

  int draws() {
    return draws;
  }

  /**
   * The central 95 % of the draws: their 2.5 and 97.5 percentiles. Infinite values order as such.
   */
  public static double[] interval(double[] draws) {
    double[] sorted = draws.clone();
    Arrays.sort(sorted);
    return new double[] {quantile(sorted, .025), quantile(sorted, .975)};
  }

  private static double quantile(double[] sorted, double q) {
    double at = q * (sorted.length - 1);
    int below = (int) at;
    double share = at - below;
    double low = sorted[below];
    double high = sorted[Math.min(below + 1, sorted.length - 1)];
    return share == 0 || low == high || Double.isInfinite(low) ? low : low + share * (high - low);
  }

  private static int[] counts(SplittableRandom random, int size) {
    int[] counts = new int[size];
    for (int i = 0; i < size; i++) {
      counts[random.nextInt(size)]++;
    }
    return counts;
  }

  private Ordered[] ordered(double[][] values) {
    if (values.length != examples) {
      throw new IllegalArgumentException(values.length + " examples, expected " + examples);
    }
    return Arrays.stream(values).parallel().map(this::ordered).toArray(Ordered[]::new);
  }

  private Ordered ordered(double[] values) {
    if (values.length != masks) {
      throw new IllegalArgumentException(values.length + " masks, expected " + masks);
    }
    return Ordered.of(values);
  }
}
