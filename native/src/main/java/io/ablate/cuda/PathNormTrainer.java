package io.ablate.cuda;

import static io.ablate.cuda.ElementType.F32;
import static io.ablate.cuda.ElementType.F64;

import java.util.Arrays;

/**
 * ReLU networks of many examples under a path norm, by accelerated proximal gradient on all rows:
 * the engine's {@code PathNormNetworks}, whose documentation has the formulas, on a device ({@code
 * pathnorm.cu}, {@code products.cu}). An example's result does not depend on the others. Not
 * thread-safe.
 */
final class PathNormTrainer implements AutoCloseable {
  /** Units of an example, half of which enter with w₂ &lt; 0. */
  static final int UNITS = 8;

  private static final String MODULE = "pathnorm";
  private static final int TILE = 32;
  private static final double BIAS = .3;
  private static final float BIAS_STEP = .25f;
  private static final double MOST_MOMENTUM = .9;
  private static final int POWER_STEPS = 20;
  private static final double SAFETY = 1.15;
  private static final double LEAST_CURVATURE = 1e-12;

  private final Device device;
  private final DeviceScope scope;
  private final DeviceArray rows;
  private final DeviceArray columns;
  private final DeviceArray target;
  private final DeviceArray spread;
  private final DeviceArray means;
  private final int inputs;
  private final int examples;
  private final int lanes;
  private final DeviceArray weights;
  private final DeviceArray ahead;
  private final DeviceArray effective;
  private final DeviceArray gradient;
  private final DeviceArray hidden;
  private final DeviceArray errors;
  private final DeviceArray base;
  private final DeviceArray bias;
  private final DeviceArray biasAhead;
  private final DeviceArray biasGradient;
  private final DeviceArray offset;
  private final DeviceArray offsetAhead;
  private final DeviceArray offsetGradient;
  private final DeviceArray curvature;

  /**
   * @param rows packed rows, [rows, words]: 1 where an input is listed; at least one
   * @param columns their transpose, [inputs, words of rows]
   * @param means of the inputs, [inputs] of {@link ElementType#F32}
   * @param target [examples, rows] of {@link ElementType#F32}, about 0 and of deviation 1
   * @param targetColumns the same as [rows, examples]; power iteration starts from it
   * @param spread c, [inputs, examples] of {@link ElementType#F32}
   */
  PathNormTrainer(
      Device device,
      DeviceArray rows,
      DeviceArray columns,
      DeviceArray means,
      DeviceArray target,
      double[] targetColumns,
      DeviceArray spread) {
    target.requireAxes(F32, 2);
    spread.requireAxes(F32, 2);
    this.device = device;
    this.rows = rows;
    this.columns = columns;
    this.target = target;
    this.spread = spread;
    this.inputs = spread.extent(0);
    this.means = means.require(F32, inputs);
    this.examples = target.extent(0);
    this.lanes = Math.multiplyExact(UNITS, examples);
    int m = target.extent(1);
    this.scope = device.scope();
    try {
      this.weights = scope.array("weights", F32, inputs, lanes);
      this.ahead = scope.array("weights ahead", F32, inputs, lanes);
      this.effective = scope.array("effective weights", F32, inputs, lanes);
      this.gradient = scope.array("gradient", F32, inputs, lanes);
      this.hidden = scope.array("hidden", F32, m, lanes);
      this.errors = scope.array("errors", F32, m, examples);
      this.base = scope.array("base", F32, lanes);
      this.bias = scope.array("bias", F32, lanes);
      this.biasAhead = scope.array("bias ahead", F32, lanes);
      this.biasGradient = scope.array("gradient by the bias", F32, lanes);
      this.offset = scope.array("offset", F32, examples);
      this.offsetAhead = scope.array("offset ahead", F32, examples);
      this.offsetGradient = scope.array("gradient by the offset", F32, examples);
      this.curvature = scope.copy("curvature", curvatures(targetColumns), examples);
      restart();
    } catch (RuntimeException e) {
      scope.close();
      throw e;
    }
  }

  /** Bounds on the curvature of the examples' errors. */
  double[] curvature() {
    return device.readDoubles(curvature);
  }

  /** Back to where training starts. */
  void restart() {
    device.clear(weights);
    device.clear(offset);
    float[] start = new float[lanes];
    for (int lane = 0; lane < lanes; lane++) {
      start[lane] = (float) (BIAS * (lane % UNITS / 2 + .5) / (UNITS / 2));
    }
    device.write(bias, start);
  }

  /** Goes on from the present weights, for so many passes over the rows. */
  void train(float pathNorm, float decay, int passes) {
    device.copy(ahead, weights);
    device.copy(biasAhead, bias);
    device.copy(offsetAhead, offset);
    double pace = 1;
    for (int pass = 0; pass < passes; pass++) {
      gradient();
      double next = (1 + Math.sqrt(1 + 4 * pace * pace)) / 2;
      float momentum = (float) Math.min((pace - 1) / next, MOST_MOMENTUM);
      pace = next;
      device
          .kernel(MODULE, "pathnorm_update")
          .striding(weights.elements() / 4)
          .with(gradient)
          .with(biasGradient)
          .with(means)
          .with(spread)
          .with(curvature)
          .with(ahead)
          .with(weights)
          .with(inputs)
          .with(lanes)
          .with(pathNorm)
          .with(decay)
          .with(momentum)
          .launch();
      updateBiases(biasGradient, biasAhead, bias, momentum);
      updateBiases(offsetGradient, offsetAhead, offset, momentum);
    }
  }

  private void gradient() {
    device
        .kernel(MODULE, "pathnorm_effective")
        .grid(Launch.ceilDiv(lanes, TILE), 1, 1)
        .block(TILE, 8)
        .with(ahead)
        .with(spread)
        .with(means)
        .with(biasAhead)
        .with(effective)
        .with(base)
        .with(inputs)
        .with(lanes)
        .launch();
    ProductKernels.times(device, columns, effective, hidden);
    device
        .kernel(MODULE, "pathnorm_backward")
        .striding(errors.elements())
        .with(hidden)
        .with(base)
        .with(offsetAhead)
        .with(target)
        .with(errors)
        .with(target.extent(1))
        .with(examples)
        .launch();
    sums(hidden, biasGradient);
    sums(errors, offsetGradient);
    ProductKernels.times(device, rows, hidden, gradient);
  }

  private void sums(DeviceArray matrix, DeviceArray sums) {
    device
        .kernel(MODULE, "column_sums")
        .grid(Launch.ceilDiv(matrix.extent(1), TILE), 1, 1)
        .block(TILE, 8)
        .with(matrix)
        .with(sums.require(F32, matrix.extent(1)))
        .with(matrix.extent(0))
        .with(matrix.extent(1))
        .launch();
  }

  private void updateBiases(
      DeviceArray slope, DeviceArray valuesAhead, DeviceArray values, float momentum) {
    device
        .kernel(MODULE, "pathnorm_update_biases")
        .striding(values.elements())
        .with(slope)
        .with(valuesAhead)
        .with(values)
        .with(Math.toIntExact(values.elements()))
        .with(BIAS_STEP)
        .with(momentum)
        .launch();
  }

  /** θ = c w₂ᵀV, [examples, inputs], on the device. */
  DeviceArray extract(DeviceScope owner) {
    DeviceArray theta = owner.array("theta", F64, examples, inputs);
    device
        .kernel(MODULE, "pathnorm_extract")
        .striding(theta.elements())
        .with(weights)
        .with(spread)
        .with(theta)
        .with(inputs)
        .with(examples)
        .launch();
    return theta;
  }

  /** The largest eigenvalue of every example's kernel matrix, by power iteration, with a margin. */
  private double[] curvatures(double[] targetColumns) {
    int m = target.extent(1);
    try (DeviceScope local = device.scope()) {
      DeviceArray v = local.copy("v", targetColumns, m, examples);
      DeviceArray products = local.array("products", F64, inputs, examples);
      DeviceArray shift = local.zeros("shift", F64, examples);
      DeviceArray norms = local.array("norms", F64, examples);
      DeviceArray sums = local.array("sums", F64, examples);
      for (int step = 0; step < POWER_STEPS; step++) {
        normalise(v, shift, norms, sums);
        ProductKernels.times(device, rows, v, products);
        device
            .kernel(MODULE, "power_columns")
            .grid(Launch.ceilDiv(examples, TILE), 1, 1)
            .block(TILE, 8)
            .with(products)
            .with(spread)
            .with(means)
            .with(sums)
            .with(shift)
            .with(inputs)
            .with(examples)
            .launch();
        ProductKernels.times(device, columns, products, v);
      }
      normalise(v, shift, norms, sums);
      return Arrays.stream(device.readDoubles(norms))
          .map(norm -> Math.max(SAFETY * norm / m, LEAST_CURVATURE))
          .toArray();
    }
  }

  private void normalise(DeviceArray v, DeviceArray shift, DeviceArray norms, DeviceArray sums) {
    device
        .kernel(MODULE, "power_normalise")
        .grid(Launch.ceilDiv(examples, TILE), 1, 1)
        .block(TILE, 8)
        .with(v)
        .with(shift)
        .with(norms)
        .with(sums)
        .with(v.extent(0))
        .with(examples)
        .launch();
  }

  @Override
  public void close() {
    scope.close();
  }
}
