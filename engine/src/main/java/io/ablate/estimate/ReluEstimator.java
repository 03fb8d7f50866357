package io.ablate.estimate;

import io.ablate.mask.MaskMatrix;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.function.IntFunction;
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

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public ComponentModels fit(TrainingData data, FitContext context) {
    CentredOutputs.of(data); // checks
    SparseRows rows = SparseRows.of(data.masks());
    NetworkTrainer trainer = context.networks();
    ReluTraining training =
        new ReluTraining(context, rows, UNITS, columnSeeds(rows.ones(), data.columns()));
    int examples = data.examples();
    int together = trainer.examplesTogether(examples, 1, training.floats());
    List<Fit> fits =
        Parallel.map(
                "networks",
                Math.ceilDiv(examples, together),
                context.forNetworks(),
                block -> {
                  int from = block * together;
                  int to = Math.min(examples, from + together);
                  return fit(data, from, to, rows, training, context);
                })
            .stream()
            .flatMap(List::stream)
            .toList();
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

  /** The fits of examples {@code from} to {@code to − 1}. */
  private static List<Fit> fit(
      TrainingData data,
      int from,
      int to,
      SparseRows rows,
      ReluTraining training,
      FitContext context) {
    int[] varying =
        IntStream.range(from, to)
            .filter(e -> Arrays.stream(data.outputs()[e]).anyMatch(v -> v != data.outputs()[e][0]))
            .toArray();
    List<ReluTraining.Outcome> outcomes =
        training.train(
            Arrays.stream(varying)
                .mapToObj(e -> ReluTraining.Course.of(data.outputs()[e], context.seed(), e))
                .toList());
    List<Fit> scaled =
        each(
            varying.length,
            context,
            i -> {
              double[] y = data.outputs()[varying[i]];
              ReluTraining.Outcome outcome = outcomes.get(i);
              return rescaled(
                  data.masks(),
                  rows.attributions(outcome.theta()),
                  y,
                  Arrays.stream(y).sum() / y.length,
                  outcome.training());
            });
    Fit[] fits = new Fit[to - from];
    for (int i = 0; i < varying.length; i++) {
      fits[varying[i] - from] = scaled.get(i);
    }
    for (int i = 0; i < fits.length; i++) {
      if (fits[i] == null) {
        fits[i] =
            new Fit(new double[data.columns()], data.outputs()[from + i][0], 0, Training.NONE);
      }
    }
    return Arrays.asList(fits);
  }

  /** Networks that a device trained together leave their examples' scales to all threads. */
  static List<Fit> each(int examples, FitContext context, IntFunction<Fit> work) {
    return examples == 1 // where networks are trained on a thread each
        ? List.of(work.apply(0))
        : Parallel.map("scaling", examples, context, work);
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
