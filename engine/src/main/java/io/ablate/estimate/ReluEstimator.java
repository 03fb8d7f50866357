package io.ablate.estimate;

import io.ablate.base.RandomStreams;
import io.ablate.mask.MaskMatrix;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.IntStream;

/**
 * ReLU extraction (Karchmer 2024): a network φ(x) = W₂σ(W₁x + b₁) + b₂ learns the outputs of one
 * example; dropping σ leaves θ = (W₂W₁)ᵀ, whose scale (not below 0) and offset are refitted on the
 * training rows.
 *
 * <p>The published text leaves the training open. Here: 64 units, Adam at rate 1e-3 on batches of
 * 16, standardised outputs; a quarter of the rows validates (below 800 rows, several quarters in
 * turn) and the best epoch (patience 10, at most 200) is the length of a second training on all
 * rows, from the same start. These settings were chosen on rows 0 to 4,499 of the ResNet-8 data
 * set. The network reads the rarer of kept and ablated components, which is the same family of
 * functions and makes a step cost what the sparse rows hold. Initial weights of a component come
 * from its own column of the masks: reordering the components reorders the attributions, up to
 * rounding. Every example has its own random stream, so that results do not depend on threads or on
 * the other examples. Choose it to compare with the published method; ridge is rarely worse and
 * much cheaper.
 */
public final class ReluEstimator implements Estimator {
  /** The name of this method. */
  public static final String NAME = "relu";

  private static final int UNITS = 64;
  private static final int BATCH = 16;
  private static final float RATE = 1e-3f;
  private static final double VALIDATION_SHARE = .25;
  private static final int FEW_ROWS = 800;
  private static final int PATIENCE = 10;
  private static final int MAX_EPOCHS = 200;

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public ComponentModels fit(TrainingData data, FitContext context) {
    CentredOutputs.of(data); // checks
    MaskMatrix masks = data.masks();
    SparseRows rows = SparseRows.of(masks);
    long[] seeds = columnSeeds(rows.ones(), masks.columns());
    List<Fit> fits =
        Parallel.map(
            "networks", data.examples(), context, e -> fit(data, e, rows, seeds, context.seed()));
    Map<String, Object> diagnostics = new LinkedHashMap<>();
    diagnostics.put("units", UNITS);
    diagnostics.put("epochs", fits.stream().map(fit -> fit.training().epochs()).toList());
    // What the time goes by: rows that some network took a step on, validation included.
    diagnostics.put("trained_rows", fits.stream().mapToLong(fit -> fit.training().rows()).sum());
    diagnostics.put(
        "zero_scale_examples",
        IntStream.range(0, fits.size()).filter(e -> fits.get(e).scale() == 0).boxed().toList());
    return new ComponentModels(
        NAME,
        fits.stream().map(Fit::theta).toArray(double[][]::new),
        fits.stream().mapToDouble(Fit::intercept).toArray(),
        diagnostics);
  }

  /**
   * @param scale 0 where the extracted direction did not correlate with the outputs: the model is
   *     then constant
   */
  record Fit(double[] theta, double intercept, double scale, Training training) {}

  /**
   * How long a network was trained.
   *
   * @param rows rows times epochs of all networks, those that only validate among them
   */
  record Training(int epochs, long rows) {
    static final Training NONE = new Training(0, 0);
  }

  private static Fit fit(TrainingData data, int example, SparseRows rows, long[] seeds, long seed) {
    int[][] ones = rows.ones();
    double[] y = data.outputs()[example];
    int m = y.length;
    double mean = Arrays.stream(y).sum() / m;
    double deviation = Math.sqrt(Arrays.stream(y).map(v -> (v - mean) * (v - mean)).sum() / m);
    if (Arrays.stream(y).allMatch(v -> v == y[0])) {
      return new Fit(new double[data.columns()], y[0], 0, Training.NONE);
    }
    float[] target = new float[m];
    for (int row = 0; row < m; row++) {
      target[row] = (float) ((y[row] - mean) / deviation);
    }
    SplittableRandom random = RandomStreams.stream(seed, example);
    long start = random.nextLong();
    int[] order = IntStream.range(0, m).toArray();
    RandomStreams.shuffle(order, m, random);
    Training training = training(data.columns(), start, seeds, ones, target, order, random);
    ReluNetwork network = network(data.columns(), start, seeds);
    for (int epoch = 0; epoch < training.epochs(); epoch++) {
      epoch(network, ones, target, order, m, random);
    }
    return rescaled(data.masks(), rows.attributions(network.extract()), y, mean, training);
  }

  private static ReluNetwork network(int columns, long start, long[] seeds) {
    ReluNetwork network = new ReluNetwork(columns, UNITS);
    network.initialise(start, seeds);
    return network;
  }

  /**
   * The number of epochs after which the error on rows left out was least, and what finding it and
   * training so long on all rows costs. Few rows validate poorly: then up to four networks, each
   * leaving out another quarter, vote by the sum of their errors.
   */
  private static Training training(
      int columns,
      long start,
      long[] seeds,
      int[][] ones,
      float[] target,
      int[] order,
      SplittableRandom random) {
    int m = order.length;
    int validation = Math.max(1, (int) Math.round(VALIDATION_SHARE * m));
    int train = m - validation;
    int splits = Math.clamp(FEW_ROWS / m, 1, Math.min(4, m / validation));
    ReluNetwork[] networks = new ReluNetwork[splits];
    int[][] orders = new int[splits][m];
    for (int split = 0; split < splits; split++) {
      networks[split] = network(columns, start, seeds);
      for (int i = 0; i < m; i++) {
        orders[split][i] = order[(i + split * validation) % m];
      }
    }
    double least = Double.POSITIVE_INFINITY;
    int best = 1;
    int epoch = 1;
    for (; epoch <= MAX_EPOCHS && epoch - best <= PATIENCE; epoch++) {
      double error = 0;
      for (int split = 0; split < splits; split++) {
        epoch(networks[split], ones, target, orders[split], train, random);
        error += networks[split].error(ones, target, orders[split], train, m);
      }
      if (error < least) {
        least = error;
        best = epoch;
      }
    }
    return new Training(best, (epoch - 1L) * splits * train + (long) best * m);
  }

  private static void epoch(
      ReluNetwork network,
      int[][] ones,
      float[] target,
      int[] order,
      int rows,
      SplittableRandom random) {
    RandomStreams.shuffle(order, rows, random);
    for (int from = 0; from < rows; from += BATCH) {
      network.step(ones, target, order, from, Math.min(rows, from + BATCH), RATE);
    }
  }

  /** Refits y ≈ scale · θᵀx + offset with scale ≥ 0. */
  static Fit rescaled(
      MaskMatrix masks, double[] theta, double[] y, double mean, Training training) {
    double[] raw =
        new ComponentModels(NAME, new double[][] {theta}, new double[1], Map.of())
            .predict(masks)[0];
    double rawMean = Arrays.stream(raw).sum() / raw.length;
    double variance = 0;
    double covariance = 0;
    for (int row = 0; row < raw.length; row++) {
      double deviation = raw[row] - rawMean;
      variance += deviation * deviation;
      covariance += deviation * (y[row] - mean);
    }
    boolean varies = variance > 1e-20 * raw.length * (1 + rawMean * rawMean);
    double scale = varies ? Math.max(0, covariance / variance) : 0;
    double[] scaled = Arrays.stream(theta).map(value -> scale * value).toArray();
    return new Fit(scaled, mean - scale * rawMean, scale, training);
  }

  /** A hash of every column's content. */
  private static long[] columnSeeds(int[][] ones, int columns) {
    long[] seeds = new long[columns];
    for (int row = 0; row < ones.length; row++) {
      long mixed = new SplittableRandom(row).nextLong();
      for (int j : ones[row]) {
        seeds[j] += mixed;
      }
    }
    return seeds;
  }
}
