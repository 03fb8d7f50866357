package io.ablate.estimate;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * ReLU extraction (Karchmer 2024) with what makes it learn from few rows: a network φ(x) = W₂σ(W₁x
 * + b₁) + b₂ per example is trained on its outputs, dropping σ leaves θ = (W₂W₁)ᵀ, and scale (not
 * below 0) and offset of θᵀx are refitted on the training rows, as in {@link ReluEstimator}.
 *
 * <p>What is added: the columns are scaled by the prior deviations of {@link HierarchicalEstimator}
 * (a power of the activation scale times one factor per layer, learnt from the same rows) and the
 * network learns what that prior's means leave, which are added to θ before refitting; training
 * minimises the squared error plus a path norm and weight decay ({@link PathNormNetworks}); and how
 * strong they are together, and the path norm's share, are the pair whose extracted θ correlates
 * best with training rows left out, on average over the examples, before all networks train on all
 * rows. With that prior, κ times decay σ²/m and path norm √2σ²/m have the prior's variance at κ =
 * 1, so that a short grid suffices.
 *
 * <p>The penalties leave most units active on most rows, so that the networks are close to linear
 * and θ is close to that of the hierarchical ridge: choose this only to see what ReLU extraction
 * can do at best. Nothing is drawn: results do not depend on the seed or on threads, nor, up to
 * rounding, on the order of components; they depend on the other examples through the shared
 * hyper-parameters. Counts one more pass than rows, for the activation scale. Cost: that of the
 * prior, then about 260 gradients over all rows (800 where there are fewer than 800 rows) of 8
 * units on the listed entries, per example; at most 12 examples take part in all but the last 80.
 */
public final class TunedReluEstimator implements Estimator {
  /** The name of this method. */
  public static final String NAME = "relu-tuned";

  private static final float[][] NO_SOFT_ROWS = {};

  /** Shares of the path norm; on validation rows .6 was never better than the better of these. */
  private static final double[] SHARES = {0, .3};

  /** Strengths κ of both penalties in the order of training. */
  private static final double[] STRENGTHS = {2, 1, .5};

  /** Taken where there are too few rows, or nothing varies, to choose by. */
  private static final Penalty USUAL = new Penalty(.3, 1);

  private static final int FEWEST_ROWS = 12;
  private static final int FOLDS = 4;

  /** From so many rows one fold decides. */
  private static final int MANY_ROWS = 800;

  /** Examples that choose the penalty; they share it, so that a few settle it. */
  private static final int CHOOSING = 12;

  private static final int PASSES = 40;
  private static final int FINAL_PASSES = 80;

  /** The marginal likelihood of few rows can explain all of them without noise. */
  private static final double LEAST_NOISE = .15;

  /** Networks trained side by side: enough lanes for vectors, few enough for the cache. */
  private static final int BLOCK = 8;

  private record Penalty(double share, double strength) {
    float pathNorm(double noise, int rows) {
      return (float) (Math.sqrt(2) * share * strength * noise / rows);
    }

    float decay(double noise, int rows) {
      return (float) ((1 - share) * strength * noise / rows);
    }
  }

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public Optional<Spending> spending(double budget, Costs costs) {
    return Spending.rowsOnly(budget, costs.activationScale(), costs);
  }

  @Override
  public ComponentModels fit(TrainingData data, FitContext context) {
    CentredOutputs y = CentredOutputs.of(data);
    int examples = data.examples();
    double[][] standardised = new double[examples][];
    for (int e = 0; e < examples; e++) {
      standardised[e] = y.example(e);
      HierarchicalFit.standardise(standardised[e]);
    }
    Layers layers = new Layers(data.layerOfColumn());
    Design design = new Design(context.algebra(), data.masks(), NO_SOFT_ROWS);
    ScaledPrior scaled = ScaledPrior.of(data, design, standardised, layers, context);
    HierarchicalPrior prior = scaled.prior();
    double[][] scale = new double[examples][];
    Arrays.setAll(
        scale,
        e -> Arrays.stream(prior.variances(layers, scaled.scale()[e])).map(Math::sqrt).toArray());
    double noise = Math.max(LEAST_NOISE, prior.noise());

    double[][] residuals = scaled.residuals(design, standardised);
    Rows all = new Rows(SparseRows.of(data.masks()), floats(residuals), scale, noise);
    Penalty penalty = all.choose(varying(standardised), context);
    double[][] theta = all.train(penalty, context);
    List<ReluEstimator.Fit> fits =
        ReluEstimator.each(
            examples,
            context,
            e -> {
              double[] outputs = data.outputs()[e];
              double[] mean = scaled.mean()[e];
              double[] found = theta[e];
              Arrays.setAll(found, i -> mean[i] + found[i]);
              return Arrays.stream(standardised[e]).allMatch(v -> v == 0)
                  ? new ReluEstimator.Fit(
                      new double[data.columns()], outputs[0], 0, ReluEstimator.Training.NONE)
                  : ReluEstimator.rescaled(
                      data.masks(), found, outputs, y.means()[e], ReluEstimator.Training.NONE);
            });
    Map<String, Object> diagnostics = new LinkedHashMap<>();
    diagnostics.put("units", PathNormNetworks.UNITS);
    diagnostics.put("path_norm_share", penalty.share);
    diagnostics.put("penalty_strength", penalty.strength);
    diagnostics.put("layer_mean", scaled.layerMean().clone());
    diagnostics.put("layer_variance", prior.layerVariance().clone());
    diagnostics.put("noise_variance", noise);
    diagnostics.put("activation_scale_power", scaled.power());
    diagnostics.put(
        "zero_scale_examples",
        IntStream.range(0, examples).filter(e -> fits.get(e).scale() == 0).boxed().toList());
    return new ComponentModels(
        NAME,
        fits.stream().map(ReluEstimator.Fit::theta).toArray(double[][]::new),
        fits.stream().mapToDouble(ReluEstimator.Fit::intercept).toArray(),
        diagnostics);
  }

  private static int[] varying(double[][] standardised) {
    return IntStream.range(0, standardised.length)
        .filter(e -> Arrays.stream(standardised[e]).anyMatch(v -> v != 0))
        .limit(CHOOSING)
        .toArray();
  }

  private static float[][] floats(double[][] values) {
    float[][] floats = new float[values.length][];
    for (int e = 0; e < values.length; e++) {
      floats[e] = new float[values[e].length];
      for (int row = 0; row < floats[e].length; row++) {
        floats[e][row] = (float) values[e][row];
      }
    }
    return floats;
  }

  /** Rows, standardised outputs and scales of all examples. */
  private record Rows(SparseRows rows, float[][] target, double[][] scale, double noise) {

    /** Networks of some examples on some rows. */
    private NetworkTrainer.RegularisedNetworks networks(
        NetworkTrainer trainer, int[] examples, int[] some) {
      float[][] targets = new float[examples.length][some.length];
      double[][] scales = new double[examples.length][];
      for (int i = 0; i < examples.length; i++) {
        scales[i] = scale[examples[i]];
        for (int r = 0; r < some.length; r++) {
          targets[i][r] = target[examples[i]][some[r]];
        }
      }
      return trainer.pathNorm(rows.select(some), targets, scales);
    }

    /** θ of all examples after training on all rows, examples × columns. */
    double[][] train(Penalty penalty, FitContext context) {
      int[] all = IntStream.range(0, rows.ones().length).toArray();
      List<int[]> blocks = blocks(IntStream.range(0, target.length).toArray(), 1, context);
      List<double[][]> trained =
          Parallel.map(
              "networks",
              blocks.size(),
              context.forNetworks(),
              b -> {
                try (NetworkTrainer.RegularisedNetworks networks =
                    networks(context.networks(), blocks.get(b), all)) {
                  networks.train(
                      penalty.pathNorm(noise, all.length),
                      penalty.decay(noise, all.length),
                      FINAL_PASSES);
                  return Arrays.stream(networks.extract())
                      .map(rows::attributions)
                      .toArray(double[][]::new);
                }
              });
      return trained.stream().flatMap(Arrays::stream).toArray(double[][]::new);
    }

    Penalty choose(int[] examples, FitContext context) {
      int m = rows.ones().length;
      if (m < FEWEST_ROWS || examples.length == 0) {
        return USUAL;
      }
      int folds = m < MANY_ROWS ? FOLDS : 1;
      List<int[]> blocks = blocks(examples, folds, context);
      List<double[][]> scores =
          Parallel.map(
              "validation",
              folds * blocks.size(),
              context.forNetworks(),
              i -> validate(context.networks(), blocks.get(i % blocks.size()), i / blocks.size()));
      Penalty best = USUAL;
      double highest = 0;
      for (int p = 0; p < SHARES.length * STRENGTHS.length; p++) {
        double sum = 0;
        for (double[][] block : scores) {
          for (double[] example : block) {
            sum += example[p];
          }
        }
        if (sum > highest) {
          highest = sum;
          best = new Penalty(SHARES[p / STRENGTHS.length], STRENGTHS[p % STRENGTHS.length]);
        }
      }
      return best;
    }

    /** Correlation of θᵀx with the fold's outputs, examples × penalties. */
    private double[][] validate(NetworkTrainer trainer, int[] examples, int fold) {
      int m = rows.ones().length;
      int[] rest = IntStream.range(0, m).filter(r -> r % FOLDS != fold).toArray();
      int[] left = IntStream.range(0, m).filter(r -> r % FOLDS == fold).toArray();
      double[][] scores = new double[examples.length][SHARES.length * STRENGTHS.length];
      try (NetworkTrainer.RegularisedNetworks networks = networks(trainer, examples, rest)) {
        int at = 0;
        for (double share : SHARES) {
          networks.restart();
          for (double strength : STRENGTHS) {
            Penalty penalty = new Penalty(share, strength);
            networks.train(
                penalty.pathNorm(noise, rest.length), penalty.decay(noise, rest.length), PASSES);
            double[][] theta = networks.extract();
            for (int i = 0; i < examples.length; i++) {
              scores[i][at] = correlation(theta[i], left, target[examples[i]]);
            }
            at++;
          }
        }
      }
      return scores;
    }

    private double correlation(double[] theta, int[] some, float[] y) {
      double[] predicted = new double[some.length];
      double[] actual = new double[some.length];
      for (int r = 0; r < some.length; r++) {
        actual[r] = y[some[r]];
        for (int j : rows.ones()[some[r]]) {
          predicted[r] += theta[j];
        }
      }
      PooledOutputs.centre(predicted, 0, predicted.length);
      PooledOutputs.centre(actual, 0, actual.length);
      double norm = 0;
      double square = 0;
      double product = 0;
      for (int r = 0; r < some.length; r++) {
        norm += predicted[r] * predicted[r];
        square += actual[r] * actual[r];
        product += predicted[r] * actual[r];
      }
      return norm > 0 && square > 0 ? product / Math.sqrt(norm * square) : 0;
    }

    /** Examples in blocks whose tasks, {@code per} of each, keep the threads busy. */
    private List<int[]> blocks(int[] examples, int per, FitContext context) {
      long floats = PathNormNetworks.UNITS * (4L * rows.columns() + rows.ones().length);
      int together = context.networks().examplesTogether(examples.length, BLOCK, floats);
      int count = Math.ceilDiv(examples.length, together);
      while (count < examples.length && count * per % context.forNetworks().threads() != 0) {
        count++;
      }
      int blocks = count;
      return IntStream.range(0, blocks)
          .mapToObj(
              b ->
                  Arrays.copyOfRange(
                      examples, b * examples.length / blocks, (b + 1) * examples.length / blocks))
          .toList();
    }
  }
}
