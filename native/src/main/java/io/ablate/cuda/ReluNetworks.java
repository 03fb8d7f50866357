package io.ablate.cuda;

import static io.ablate.cuda.ElementType.F32;
import static io.ablate.cuda.ElementType.F64;
import static io.ablate.cuda.ElementType.I32;
import static io.ablate.cuda.ElementType.I64;

import io.ablate.estimate.NetworkStart;
import io.ablate.mask.MaskMatrix;
import java.util.Arrays;

/**
 * 2-layer ReLU networks φ(x) = w₂ᵀσ(W₁x + b₁) + b₂ of many examples on the same 0/1 rows, trained
 * side by side by Adam on squared error ({@code relu.cu}, {@code relu_weights.cu}); with a decay
 * AdamW, which spares the biases. What the engine's {@code ReluNetwork} computes for one example.
 *
 * <p>An order lists rows: [sets, rows of a set], where one set serves all examples and otherwise
 * there is one per example. An example's result depends neither on the number of the others nor on
 * when they take part. Owns three times its weights in device memory; not thread-safe.
 */
final class ReluNetworks implements AutoCloseable {
  /** Rows that a batch may have: one bit of a word each. */
  static final int MOST_BATCH = 32;

  /** Up to so many rows, kernels of fewer registers do. */
  private static final int HALF_BATCH = 16;

  private static final String MODULE = "relu";
  private static final String OVER_WEIGHTS = "relu_weights";

  private static final int THREADS = 256;
  private static final int WARP = 32;

  // Of relu_step: inputs and units to a warp, warps across the units, rounds of inputs to a block.
  private static final int TILE = 16;
  private static final int MOST_ACROSS = 4;
  private static final int ROUNDS = 3;

  /** Inputs to a block of {@code relu_forward}, alike in any company, so that sums are too. */
  private static final int SLICE = 1200;

  private final Device device;
  private final DeviceScope scope;
  private final DeviceArray rows;
  private final DeviceArray target;
  private final ReluSettings settings;
  private final int inputs;
  private final int units;
  private final int examples;
  private final int slices;
  private final DeviceArray weights;
  private final DeviceArray firstMoment;
  private final DeviceArray secondMoment;
  private final DeviceArray partial;
  private final DeviceArray back;
  private final DeviceArray active;
  private int steps;

  /**
   * @param rows packed rows, [rows, words]: 1 where an input is listed
   * @param inputs number of columns
   * @param target [examples, rows] of {@link ElementType#F32}, about 0 and of deviation 1
   */
  ReluNetworks(
      Device device, DeviceArray rows, int inputs, DeviceArray target, ReluSettings settings) {
    target.requireAxes(F32, 2);
    this.device = device;
    this.rows = rows.require(I64, target.extent(1), MaskMatrix.wordsPerRow(inputs));
    this.target = target;
    this.settings = settings;
    this.inputs = inputs;
    this.units = settings.units();
    this.examples = target.extent(0);
    this.slices = Launch.ceilDiv(inputs, SLICE);
    this.scope = device.scope();
    try {
      long[] shape = {examples, inputs + 3, units};
      this.weights = scope.array("weights", F32, shape);
      this.firstMoment = scope.zeros("first moments", F32, shape);
      this.secondMoment = scope.zeros("second moments", F32, shape);
      this.partial = scope.array("partial sums", F32, slices, examples, MOST_BATCH, units);
      this.back = scope.array("derivatives", F32, examples, MOST_BATCH, units);
      this.active = scope.array("active examples", I32, examples);
      activateAll();
    } catch (RuntimeException e) {
      scope.close();
      throw e;
    }
  }

  /** Gives all examples their weights before the first step, drawn on the device. */
  void start(NetworkStart start) {
    try (DeviceScope local = device.scope()) {
      device
          .kernel(MODULE, "relu_start")
          .grid(Launch.ceilDiv((inputs + 3L) * units, THREADS), examples, 1)
          .block(THREADS, 1)
          .with(weights)
          .with(local.copy("seeds", start.seeds(), examples))
          .with(local.copy("seeds of inputs", start.inputSeeds(), inputs))
          .with(inputs)
          .with(units)
          .with(start.inputBound())
          .with(NetworkStart.BIAS_BOUND)
          .with(start.outerBound())
          .launch();
    }
  }

  private void activateAll() {
    boolean[] all = new boolean[examples];
    Arrays.fill(all, true);
    activate(all);
  }

  /** Says which examples take part in steps and errors from now on; at first all do. */
  void activate(boolean[] which) {
    int[] flags = new int[examples];
    for (int e = 0; e < examples; e++) {
      flags[e] = which[e] ? 1 : 0;
    }
    device.write(active, flags);
  }

  /** One step on rows {@code from} to {@code to − 1} of the order, at most {@value #MOST_BATCH}. */
  void step(DeviceArray order, int from, int to) {
    AdamStep adam = AdamStep.of(settings.rate(), settings.decay(), ++steps);
    try (DeviceScope local = device.scope()) {
      DeviceArray bits = forward(local, order, from, to);
      device
          .kernel(MODULE, "relu_output")
          .grid(examples, 1, 1)
          .block(Launch.wholeWarps(units), 1)
          .with(partial)
          .with(target)
          .with(order)
          .with(active)
          .with(weights)
          .with(firstMoment)
          .with(secondMoment)
          .with(back)
          .with(to - from)
          .with(from)
          .with(target.extent(1))
          .with(order.extent(1))
          .with(inputs)
          .with(units)
          .with(slices)
          .with(order.extent(0))
          .with(adam.rate())
          .with(adam.epsilon())
          .with(adam.keep())
          .launch();
      stepOverWeights(to - from)
          .with(back)
          .with(bits)
          .with(active)
          .with(weights)
          .with(firstMoment)
          .with(secondMoment)
          .with(to - from)
          .with(inputs)
          .with(units)
          .with(order.extent(0))
          .with(adam.rate())
          .with(adam.epsilon())
          .with(adam.keep())
          .launch();
    }
  }

  /** W₁ of a batch, into the partial sums; returns which of its rows list which input. */
  private DeviceArray forward(DeviceScope local, DeviceArray order, int from, int to) {
    order.requireAxes(I32, 2);
    int sets = order.extent(0);
    int batch = to - from;
    if (batch < 1 || batch > MOST_BATCH || from < 0 || to > order.extent(1)) {
      throw new IllegalArgumentException("rows " + from + " to " + to + " of " + order);
    }
    if (sets != 1 && sets != examples) {
      throw new IllegalArgumentException("sets for " + examples + " examples: " + order);
    }
    DeviceArray bits = local.array("batch bits", I32, sets, inputs);
    device
        .kernel(OVER_WEIGHTS, "relu_batch_bits")
        .grid(rows.extent(1), sets, 1)
        .block(Launch.wholeWarps(1), 1)
        .with(rows)
        .with(order)
        .with(bits)
        .with(batch)
        .with(from)
        .with(order.extent(1))
        .with(inputs)
        .with(rows.extent(1))
        .launch();
    overWeights("relu_forward", batch)
        .grid(Launch.ceilDiv(units, THREADS), slices, examples)
        .block(Math.min(THREADS, Launch.wholeWarps(units)), 1)
        .with(weights)
        .with(bits)
        .with(active)
        .with(partial)
        .with(batch)
        .with(inputs)
        .with(units)
        .with(sets)
        .launch();
    return bits;
  }

  private Launch stepOverWeights(int batch) {
    int across = Math.min(MOST_ACROSS, Launch.ceilDiv(units, TILE));
    int along = THREADS / WARP / across;
    int rounds = Launch.ceilDiv(inputs, TILE * along);
    return overWeights("relu_step", batch)
        .grid(Launch.ceilDiv(units, TILE * across), Launch.ceilDiv(rounds, ROUNDS), examples)
        .block(WARP * across, along);
  }

  private Launch overWeights(String kernel, int batch) {
    return device.kernel(OVER_WEIGHTS, batch > HALF_BATCH ? kernel : kernel + "_16");
  }

  /**
   * Mean squared errors over rows {@code from} to {@code to − 1} of the order; 0 for examples that
   * do not take part.
   */
  double[] errors(DeviceArray order, int from, int to) {
    try (DeviceScope local = device.scope()) {
      DeviceArray squares = local.array("squared errors", F32, examples, order.extent(1));
      DeviceArray errors = local.array("errors", F64, examples);
      for (int at = from; at < to; at += MOST_BATCH) {
        squaredErrors(order, at, Math.min(to, at + MOST_BATCH), squares);
      }
      device
          .kernel(MODULE, "relu_mean_errors")
          .stridingWarps(examples)
          .with(squares)
          .with(active)
          .with(errors)
          .with(examples)
          .with(from)
          .with(to)
          .with(order.extent(1))
          .launch();
      return device.readDoubles(errors);
    }
  }

  private void squaredErrors(DeviceArray order, int from, int to, DeviceArray squares) {
    try (DeviceScope local = device.scope()) {
      forward(local, order, from, to);
      device
          .kernel(MODULE, "relu_errors")
          .grid(examples, 1, 1)
          .block(Launch.wholeWarps(units), 1)
          .with(partial)
          .with(weights)
          .with(target)
          .with(order)
          .with(active)
          .with(squares)
          .with(to - from)
          .with(from)
          .with(target.extent(1))
          .with(order.extent(1))
          .with(inputs)
          .with(units)
          .with(slices)
          .with(order.extent(0))
          .launch();
    }
  }

  /** θ = w₂ᵀW₁, [examples, inputs], on the device. */
  DeviceArray extract(DeviceScope owner) {
    DeviceArray theta = owner.array("theta", F64, examples, inputs);
    device
        .kernel(MODULE, "relu_extract")
        .stridingWarps(theta.elements())
        .with(weights)
        .with(theta)
        .with(examples)
        .with(inputs)
        .with(units)
        .launch();
    return theta;
  }

  /** All weights, [examples, inputs + 3, units]. */
  float[] weights() {
    return device.readFloats(weights);
  }

  @Override
  public void close() {
    scope.close();
  }
}
