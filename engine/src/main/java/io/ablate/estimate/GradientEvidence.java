package io.ablate.estimate;

import java.util.Arrays;

/**
 * What gradient passes say of every attribution, before any output is looked at. The mean
 * derivative over all passes is the least noisy estimate, but the derivative at a point is not the
 * difference f(x_i = 1) − f(x_i = 0) that ablation makes. The integral of the derivative over x_i
 * is: the mean over soft entries estimates it, and so does the trapezoid rule on kept and ablated
 * entries, both from fewer passes. The difference between integral and mean, shrunk by its
 * reliability in its layer, is the correction.
 *
 * @param mean examples × n: over all passes
 * @param correction examples × n: what to add for the integral
 * @param variance examples × n: sampling variance of mean + correction; infinite after one pass
 * @param reliability per layer, the factor within {@code correction}
 */
record GradientEvidence(
    double[][] mean, double[][] correction, double[][] variance, double[] reliability) {
  /**
   * By how much the sampling variance is taken for greater than it looks. Derivatives have heavy
   * tails, which the replicates of rare kinds cannot show. Less did better on one network and worse
   * on the other, on examples of no report: docs/mask-gradients.md.
   */
  private static final double HEAVY_TAILS = 2;

  /** Where an entry is ablated the tails are heavier. */
  private static final double HEAVIER_TAILS = 3;

  static GradientEvidence of(GradientData gradients, int examples, Layers layers) {
    Kinds kinds = Kinds.of(gradients);
    int n = kinds.all();
    double[][] mean = new double[examples][n];
    double[][] difference = new double[examples][n];
    double[][] single = new double[examples][n];
    double[] signal = new double[layers.count()];
    double[] noise = new double[layers.count()];
    for (int e = 0; e < examples; e++) {
      kinds.summarise(gradients, e, mean[e], difference[e], single[e]);
      double scale = Arrays.stream(mean[e]).map(value -> value * value).sum();
      for (int g = 0; scale > 0 && g < layers.count(); g++) {
        for (int i : layers.columns(g)) {
          signal[g] += difference[e][i] * difference[e][i] / scale;
          noise[g] += kinds.tails(i) * kinds.differenceShare[i] * single[e][i] / scale;
        }
      }
    }
    double[] reliability = new double[layers.count()];
    double[][] variance = new double[examples][n];
    for (int g = 0; g < reliability.length; g++) {
      boolean known = gradients.passes() > 1 && signal[g] > 0;
      reliability[g] = known ? Math.max(0, 1 - noise[g] / signal[g]) : 0;
      for (int e = 0; e < examples; e++) {
        for (int i : layers.columns(g)) {
          difference[e][i] *= reliability[g];
          double share = kinds.share(i, reliability[g]);
          variance[e][i] = gradients.passes() > 1 ? share * single[e][i] : Double.POSITIVE_INFINITY;
        }
      }
    }
    return new GradientEvidence(mean, difference, variance, reliability);
  }

  /** Mean plus correction of one example. */
  double[] integral(int example) {
    double[] sum = mean[example].clone();
    Arrays.setAll(sum, i -> sum[i] + correction[example][i]);
    return sum;
  }

  /**
   * Weights of the integral on the passes in which an entry was kept, ablated and soft.
   *
   * @param differenceShare n: sampling variance of integral less mean, in variances of one pass
   */
  private record Kinds(int passes, int[][] counts, double[][] weights, double[] differenceShare) {

    static Kinds of(GradientData gradients) {
      int passes = gradients.passes();
      int[] kept = gradients.count(1);
      int[] ablated = gradients.count(0);
      int n = kept.length;
      int[] soft = new int[n];
      double[][] weights = new double[3][n];
      for (int i = 0; i < n; i++) {
        soft[i] = passes - kept[i] - ablated[i];
        // Inverse variances: 1/c of the soft mean, (1/k + 1/a)/4 of the trapezoid.
        double bySoft = soft[i];
        double byTrapezoid =
            kept[i] > 0 && ablated[i] > 0 ? 4 / (1.0 / kept[i] + 1.0 / ablated[i]) : 0;
        double total = bySoft + byTrapezoid;
        weights[0][i] = total > 0 ? .5 * byTrapezoid / total : (double) kept[i] / passes;
        weights[1][i] = total > 0 ? .5 * byTrapezoid / total : (double) ablated[i] / passes;
        weights[2][i] = total > 0 ? bySoft / total : 0;
      }
      Kinds kinds = new Kinds(passes, new int[][] {kept, ablated, soft}, weights, new double[n]);
      for (int i = 0; i < n; i++) {
        for (int kind = 0; kind < 3; kind++) {
          double count = kinds.counts[kind][i];
          double weight = weights[kind][i] - count / passes;
          kinds.differenceShare[i] += count > 0 ? weight * weight / count : 0;
        }
      }
      return kinds;
    }

    int all() {
      return differenceShare.length;
    }

    /** The factor on an entry's sampling variance. */
    double tails(int i) {
      return counts[1][i] > 0 ? HEAVIER_TAILS : HEAVY_TAILS;
    }

    /** Sampling variance of mean + reliability · difference, in variances of one pass. */
    double share(int i, double reliability) {
      double sum = 0;
      for (int kind = 0; kind < 3; kind++) {
        double count = counts[kind][i];
        double weight = (1 - reliability) * count / passes + reliability * weights[kind][i];
        sum += count > 0 ? weight * weight / count : 0;
      }
      return sum;
    }

    /** One example's mean, integral less mean, and variance of a single pass. */
    void summarise(
        GradientData gradients, int e, double[] mean, double[] difference, double[] single) {
      double[][] sums = {gradients.keptSum()[e], gradients.ablatedSum()[e], gradients.softSum()[e]};
      for (int i = 0; i < mean.length; i++) {
        double integral = 0;
        for (int kind = 0; kind < 3; kind++) {
          mean[i] += sums[kind][i] / passes;
          int count = counts[kind][i];
          integral += count > 0 ? weights[kind][i] * sums[kind][i] / count : 0;
        }
        difference[i] = integral - mean[i];
        double squares = gradients.hardSquares()[e][i] + gradients.softSquares()[e][i];
        // Sums that were rounded to float can leave a slightly negative difference.
        single[i] = Math.max(0, squares - passes * mean[i] * mean[i]) / Math.max(1, passes - 1);
      }
    }
  }
}
