package io.ablate.estimate;

import java.util.Arrays;
import java.util.stream.IntStream;

/**
 * Two-layer ReLU networks of several examples on the same sparse 0/1 rows z, trained side by side:
 *
 * <pre>φ(z) = b₂ + Σ_k w₂ₖ σ(bₖ + Σ_j vₖⱼ cⱼ (zⱼ − z̄ⱼ)),   W₁ = V diag(c)</pre>
 *
 * <p>minimise, each for itself,
 *
 * <pre>Σ_r (φ(z_r) − y_r)² / 2m + λ₁ Σ_k |w₂ₖ| ‖vₖ‖₁ + λ₂ ‖V‖² / 2.</pre>
 *
 * <p>The rectifier is positively homogeneous, so that only the products w₂ₖvₖ matter: w₂ is held at
 * ±1/√units, half of each sign, which turns the path norm (Neyshabur et al. 2015) into a multiple
 * of ‖V‖₁ without narrowing the functions. Accelerated proximal gradient (Beck, Teboulle 2009) on
 * all rows: no batches, hence nothing random, and one dense update per pass over the rows. V starts
 * at zero and every unit active, with biases that place the units' kinks apart, so that nothing of
 * a random start stays in what is extracted.
 *
 * <p>A lane is a unit of an example; loops run over lanes at unit stride and never mix the lanes of
 * different examples, so that an example's result is the same, bit for bit, in any company. Single
 * precision. Not thread-safe.
 */
final class PathNormNetworks implements NetworkTrainer.RegularisedNetworks {
  /** Half of which enter with w₂ &lt; 0. */
  static final int UNITS = 8;

  /** Largest bias at the start: outputs have deviation 1, so that kinks lie among the rows. */
  private static final double BIAS = .3;

  private static final float OUTER = (float) (1 / Math.sqrt(UNITS));
  private static final float BIAS_STEP = .25f;
  private static final double MOST_MOMENTUM = .9;

  private final SparseRows rows;
  private final float[][] target;
  private final double[][] scale;
  private final int inputs;
  private final int lanes;
  private final float[] columnMean;
  private final double[] curvature;

  /** c of every input and lane. */
  private final float[][] spread;

  private final float[][] weights;
  private final float[][] ahead;
  private final float[][] effective;
  private final float[][] gradient;
  private final float[] bias;
  private final float[] biasAhead;
  private final float[] biasGradient;
  private final float[] offset;
  private final float[] offsetAhead;
  private final float[] offsetGradient;

  /**
   * @param target examples × rows, about 0 and of deviation 1
   * @param scale c, examples × columns
   */
  PathNormNetworks(SparseRows rows, float[][] target, double[][] scale) {
    this.rows = rows;
    this.target = target;
    this.scale = scale;
    this.inputs = rows.columns();
    int examples = target.length;
    this.lanes = examples * UNITS;
    double[] mean = rows.columnMeans();
    this.columnMean = new float[inputs];
    for (int j = 0; j < inputs; j++) {
      columnMean[j] = (float) mean[j];
    }
    this.spread = new float[inputs][lanes];
    this.weights = new float[inputs][lanes];
    this.ahead = new float[inputs][lanes];
    this.effective = new float[inputs][lanes];
    this.gradient = new float[inputs][lanes];
    this.bias = new float[lanes];
    this.biasAhead = new float[lanes];
    this.biasGradient = new float[lanes];
    this.offset = new float[examples];
    this.offsetAhead = new float[examples];
    this.offsetGradient = new float[examples];
    this.curvature = new double[examples];
    for (int e = 0; e < examples; e++) {
      curvature[e] = PathNormCurvature.largest(rows, target[e], scale[e], mean);
      for (int j = 0; j < inputs; j++) {
        Arrays.fill(spread[j], e * UNITS, (e + 1) * UNITS, (float) scale[e][j]);
      }
    }
    restart();
  }

  /** A bound on the curvature of an example's error by V; 1 / (it + decay) is the step. */
  double curvature(int e) {
    return curvature[e];
  }

  @Override
  public void restart() {
    clear(weights);
    for (int lane = 0; lane < lanes; lane++) {
      int pair = lane % UNITS / 2;
      bias[lane] = (float) (BIAS * (pair + .5) / (UNITS / 2));
    }
    Arrays.fill(offset, 0); // the units' shares cancel in pairs
  }

  /** w₂ of a lane. */
  private static float outer(int lane) {
    return lane % 2 == 0 ? OUTER : -OUTER;
  }

  @Override
  public void train(float pathNorm, float decay, int passes) {
    for (int j = 0; j < inputs; j++) {
      System.arraycopy(weights[j], 0, ahead[j], 0, lanes);
    }
    System.arraycopy(bias, 0, biasAhead, 0, lanes);
    System.arraycopy(offset, 0, offsetAhead, 0, offset.length);
    float[] step = new float[lanes];
    float[] threshold = new float[lanes];
    for (int lane = 0; lane < lanes; lane++) {
      step[lane] = (float) (1 / (curvature[lane / UNITS] + decay));
      threshold[lane] = step[lane] * pathNorm * OUTER;
    }
    double pace = 1;
    for (int pass = 0; pass < passes; pass++) {
      gradient();
      double next = (1 + Math.sqrt(1 + 4 * pace * pace)) / 2;
      float momentum = (float) Math.min((pace - 1) / next, MOST_MOMENTUM);
      pace = next;
      updateWeights(step, threshold, decay, momentum);
      updateBiases(bias, biasAhead, biasGradient, momentum);
      updateBiases(offset, offsetAhead, offsetGradient, momentum);
    }
  }

  private void updateWeights(float[] step, float[] threshold, float decay, float momentum) {
    for (int j = 0; j < inputs; j++) {
      updateWeights(
          columnMean[j],
          decay,
          momentum,
          step,
          threshold,
          biasGradient,
          spread[j],
          gradient[j],
          ahead[j],
          weights[j]);
    }
  }

  /** Of one input: arrays over lanes, all read at one index, which makes vectors of the loop. */
  private static void updateWeights(
      float mean,
      float decay,
      float momentum,
      float[] step,
      float[] threshold,
      float[] biasGradient,
      float[] spread,
      float[] gradient,
      float[] ahead,
      float[] weights) {
    for (int lane = 0; lane < weights.length; lane++) {
      float slope =
          spread[lane] * (gradient[lane] - mean * biasGradient[lane]) + decay * ahead[lane];
      float moved = ahead[lane] - step[lane] * slope;
      float most = threshold[lane];
      float shrunk = moved - Math.max(-most, Math.min(most, moved));
      ahead[lane] = shrunk + momentum * (shrunk - weights[lane]);
      weights[lane] = shrunk;
    }
  }

  private static void updateBiases(
      float[] values, float[] ahead, float[] gradient, float momentum) {
    for (int i = 0; i < values.length; i++) {
      float moved = ahead[i] - BIAS_STEP * gradient[i];
      ahead[i] = moved + momentum * (moved - values[i]);
      values[i] = moved;
    }
  }

  /**
   * Gradients at the point ahead of the mean squared error's half, by W₁ before the columns are
   * scaled and centred, by b₁ and by b₂.
   */
  private void gradient() {
    clear(gradient);
    Arrays.fill(biasGradient, 0);
    Arrays.fill(offsetGradient, 0);
    float[] base = base();
    float[] hidden = new float[lanes];
    int m = rows.ones().length;
    float share = 1f / m;
    for (int r = 0; r < m; r++) {
      int[] ones = rows.ones()[r];
      System.arraycopy(base, 0, hidden, 0, lanes);
      UnitLanes.add(hidden, effective, ones);
      for (int e = 0; e < target.length; e++) {
        float error = output(hidden, e) - target[e][r];
        float back = share * error;
        offsetGradient[e] += back;
        for (int lane = e * UNITS; lane < (e + 1) * UNITS; lane++) {
          float active = hidden[lane] > 0 ? back * outer(lane) : 0;
          hidden[lane] = active;
          biasGradient[lane] += active;
        }
      }
      for (int j : ones) {
        UnitLanes.add(gradient[j], hidden);
      }
    }
  }

  /** What every unit holds before the ones of a row are added; sets the effective weights. */
  private float[] base() {
    float[] base = biasAhead.clone();
    for (int j = 0; j < inputs; j++) {
      base(columnMean[j], spread[j], ahead[j], effective[j], base);
    }
    return base;
  }

  private static void base(
      float mean, float[] spread, float[] ahead, float[] effective, float[] base) {
    for (int lane = 0; lane < base.length; lane++) {
      float weight = spread[lane] * ahead[lane];
      effective[lane] = weight;
      base[lane] -= mean * weight;
    }
  }

  private static void clear(float[][] values) {
    for (float[] row : values) {
      Arrays.fill(row, 0);
    }
  }

  private float output(float[] hidden, int e) {
    float sum = offsetAhead[e];
    for (int lane = e * UNITS; lane < (e + 1) * UNITS; lane++) {
      sum += outer(lane) * Math.max(0, hidden[lane]);
    }
    return sum;
  }

  @Override
  public double[][] extract() {
    return IntStream.range(0, target.length).mapToObj(this::extract).toArray(double[][]::new);
  }

  @Override
  public void close() {}

  /** (w₂ᵀW₁)ᵀ of an example: its network without the rectifiers, less its offset. */
  double[] extract(int e) {
    double[] theta = new double[inputs];
    for (int j = 0; j < inputs; j++) {
      double sum = 0;
      for (int lane = e * UNITS; lane < (e + 1) * UNITS; lane++) {
        sum += (double) outer(lane) * weights[j][lane];
      }
      theta[j] = scale[e][j] * sum;
    }
    return theta;
  }
}
