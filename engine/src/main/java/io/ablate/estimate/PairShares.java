package io.ablate.estimate;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * How much of the outputs' variance pairs of components explain, by the marginal likelihood of y ~
 * N(0, a·K + ρ·P + σ²), where K is the kernel of the hierarchical ridge and P its square taken
 * entry by entry (the kernel of all products of two components), centred, with mean diagonal 1.
 * Shared by all examples.
 *
 * @param linear a
 * @param pairs ρ; 0 where it does not pay
 * @param noise σ²
 * @param gain logarithm of the evidence over that without pairs
 */
record PairShares(double linear, double pairs, double noise, double gain) {
  private static final double START = .05;
  private static final double WEAK = 2;
  private static final int ITERATIONS = 40;
  private static final double TOLERANCE = 1e-6;

  /** Pairs must gain what a further parameter costs by the Bayesian information criterion. */
  static PairShares of(HierarchicalFit fit, FitContext context) {
    PooledOutputs pooled = fit.pooled(context);
    PairShares none = new PairShares(1, 0, fit.prior.noise(), 0);
    int rows = pooled.design.rows();
    if (pooled.kernels.isEmpty() || rows < 4) {
      return none;
    }
    List<LayerKernels> kernels = new ArrayList<>();
    for (LayerKernels layers : pooled.kernels) {
      double[] kernel = layers.sum(fit.prior.layerVariance());
      double[] pairs = pairKernel(kernel, rows).values();
      kernels.add(new LayerKernels(rows, new double[][] {kernel, pairs}));
    }
    double[] centre = {0, Math.log(START), Math.log(fit.prior.noise())};
    double[] gradient = new double[3];
    double[] found =
        QuasiNewton.minimise(
            (x, slope) -> objective(kernels, pooled.outputs, x, centre, slope, context),
            centre,
            ITERATIONS,
            TOLERANCE);
    double[] without = centre.clone();
    without[1] = Double.NEGATIVE_INFINITY;
    double gain;
    try {
      gain =
          likelihood(kernels, pooled.outputs, found, gradient, context)
              - likelihood(kernels, pooled.outputs, without, gradient, context);
    } catch (ArithmeticException e) {
      return none; // so little noise that nothing is left for pairs to explain
    }
    double price = .5 * Math.log((double) rows * kernels.size());
    return gain > price
        ? new PairShares(Math.exp(found[0]), Math.exp(found[1]), Math.exp(found[2]), gain)
        : none;
  }

  /**
   * A centred kernel of pairs.
   *
   * @param values rows × rows, of mean diagonal 1
   * @param unit by which the squares were divided
   */
  record PairKernel(double[] values, double unit) {}

  /** The squares of a kernel's entries, centred by rows and columns. */
  static PairKernel pairKernel(double[] kernel, int rows) {
    double[] squares = Arrays.stream(kernel).map(value -> value * value).toArray();
    double[] means = new double[rows];
    double mean = 0;
    for (int a = 0; a < rows; a++) {
      for (int b = 0; b < rows; b++) {
        means[a] += squares[a * rows + b] / rows;
      }
      mean += means[a] / rows;
    }
    double trace = 0;
    for (int a = 0; a < rows; a++) {
      for (int b = 0; b < rows; b++) {
        squares[a * rows + b] += mean - means[a] - means[b];
      }
      trace += squares[a * rows + a];
    }
    double unit = trace > 0 ? trace / rows : 1;
    Arrays.setAll(squares, i -> squares[i] / unit);
    return new PairKernel(squares, unit);
  }

  private static double objective(
      List<LayerKernels> kernels,
      double[][] outputs,
      double[] x,
      double[] centre,
      double[] gradient,
      FitContext context) {
    double value;
    try {
      value = -likelihood(kernels, outputs, x, gradient, context);
    } catch (ArithmeticException e) {
      return Double.POSITIVE_INFINITY;
    }
    for (int i = 0; i < x.length; i++) {
      double deviation = (x[i] - centre[i]) / WEAK;
      value += .5 * deviation * deviation;
      gradient[i] = deviation / WEAK - gradient[i];
    }
    return value;
  }

  /** The summed log density at exp(x), with its derivatives by x. */
  private static double likelihood(
      List<LayerKernels> kernels,
      double[][] outputs,
      double[] x,
      double[] gradient,
      FitContext context) {
    double[] variance = {Math.exp(x[0]), Math.exp(x[1])};
    double[] noise = new double[kernels.getFirst().rows()];
    Arrays.fill(noise, Math.exp(x[2]));
    List<LayerKernels.Likelihood> all =
        Parallel.map(
            "pairs",
            kernels.size(),
            context,
            p -> kernels.get(p).evaluate(variance, noise, outputs[p]));
    Arrays.fill(gradient, 0);
    double value = 0;
    for (LayerKernels.Likelihood one : all) {
      value += one.value();
      gradient[0] += one.byVariance()[0] * variance[0];
      gradient[1] += one.byVariance()[1] * variance[1];
      gradient[2] += Arrays.stream(one.byNoise()).sum() * noise[0];
    }
    return value;
  }
}
