package io.ablate.estimate;

import io.ablate.linalg.LinearAlgebra;
import java.util.Arrays;

/**
 * The likeliest pairs of the form w_ij = −Σ_k v_ik v_jk with v ≥ 0, so that no pair is positive and
 * the model is submodular: y ~ N(q, C), q_r = Σ_{i≠j} w_ij x̃_ri x̃_rj, w_ij ~ N(0, ρ d_i d_j). The
 * form is not convex; projected gradient steps start from the negative eigenvectors of the pairs
 * without a sign, each in its positive and its negative half.
 */
final class SubmodularFactors {
  private static final int STEPS = 80;
  private static final int HALVINGS = 30;
  private static final double TOLERANCE = 1e-5;

  private final CentredMasks x;

  /** C⁻¹, rows × rows. */
  private final double[] precision;

  private final double[] y;
  private final double[] root;
  private final double rho;
  private final int width;
  private final LinearAlgebra algebra;

  /** Squared mask entries, centred by columns: x̃² = (1 − 2c) x̃ + c (1 − c). */
  private final double[] slope;

  /** v = root ⊙ s, n × width. */
  private double[] s;

  /** y − q, centred. */
  private double[] residual = new double[0];

  /** C⁻¹ (y − q). */
  private double[] weights = new double[0];

  private SubmodularFactors(
      CentredMasks x,
      double[] precision,
      double[] y,
      double[] d,
      double rho,
      double[] start,
      LinearAlgebra algebra) {
    this.x = x;
    this.precision = precision;
    this.y = y;
    this.root = Arrays.stream(d).map(Math::sqrt).toArray();
    this.rho = rho;
    this.width = start.length / d.length;
    this.algebra = algebra;
    this.slope = Arrays.stream(x.means()).map(c -> 1 - 2 * c).toArray();
    this.s = start;
  }

  /**
   * @param weights C⁻¹ (y − q), one per row
   * @param factors width × n: v
   */
  record Found(double[] weights, double[][] factors) {}

  /**
   * @param precision C⁻¹
   * @param d one per column
   * @param free the pairs without a sign, in units of ρ √(d_i d_j)
   */
  static Found of(
      CentredMasks x,
      double[] precision,
      double[] y,
      double[] d,
      double rho,
      PairFactors free,
      LinearAlgebra algebra) {
    SubmodularFactors search =
        new SubmodularFactors(x, precision, y, d, rho, start(free, rho, d.length), algebra);
    search.descend();
    double[][] factors = new double[search.width][d.length];
    for (int i = 0; i < d.length; i++) {
      for (int k = 0; k < search.width; k++) {
        factors[k][i] = search.root[i] * search.s[i * search.width + k];
      }
    }
    return new Found(search.weights, factors);
  }

  /** n × width; two columns for every negative eigenvalue, zero for the others. */
  private static double[] start(PairFactors free, double rho, int n) {
    int width = 2 * free.values().length;
    double[] start = new double[n * width];
    for (int k = 0; k < free.values().length; k++) {
      double length = Math.sqrt(rho * Math.max(0, -free.values()[k]));
      for (int i = 0; i < n; i++) {
        double entry = length * free.vectors()[k][i];
        start[i * width + 2 * k] = Math.max(0, entry);
        start[i * width + 2 * k + 1] = Math.max(0, -entry);
      }
    }
    return start;
  }

  private void descend() {
    double value = value(s);
    double step = 1;
    for (int iteration = 0; iteration < STEPS; iteration++) {
      double[] gradient = gradient();
      double before = value;
      double[] from = s;
      for (int halving = 0; ; halving++) {
        double[] next = new double[from.length];
        double decrease = 0;
        for (int i = 0; i < next.length; i++) {
          next[i] = Math.max(0, from[i] - step * gradient[i]);
          decrease += gradient[i] * (from[i] - next[i]);
        }
        value = value(next);
        if (value <= before - .1 * decrease) {
          s = next;
          break;
        }
        if (halving == HALVINGS) {
          value(from);
          return;
        }
        step *= .5;
      }
      if (before - value < TOLERANCE * (1 + Math.abs(value))) {
        return;
      }
      step *= 2;
    }
  }

  /** ½ (y − q)ᵀC⁻¹(y − q) + ½ Σ_{i≠j} w_ij² / (ρ d_i d_j); sets residual and weights. */
  private double value(double[] at) {
    int m = y.length;
    double[] projected = x.times(scaled(at), width);
    double[] own = x.times(ownSlopes(at), 1);
    residual = new double[m];
    for (int row = 0; row < m; row++) {
      double sum = 0;
      for (int k = 0; k < width; k++) {
        double one = projected[row * width + k];
        sum += one * one;
      }
      residual[row] = sum - own[row];
    }
    PooledOutputs.centre(residual, 0, m);
    for (int row = 0; row < m; row++) {
      residual[row] += y[row];
    }
    weights = new double[m];
    algebra.multiply(false, false, m, 1, m, 1, precision, residual, 0, weights);
    double value = 0;
    for (int row = 0; row < m; row++) {
      value += .5 * residual[row] * weights[row];
    }
    for (double entry : gram(at)) {
      value += .5 / rho * entry * entry;
    }
    for (double norm : norms(at)) {
      value -= .5 / rho * norm * norm;
    }
    return value;
  }

  /** Of {@link #value} at s, whose residual and weights are set. */
  private double[] gradient() {
    int n = root.length;
    int m = y.length;
    double[] projected = x.times(scaled(s), width);
    for (int i = 0; i < m * width; i++) {
      projected[i] *= weights[i / width];
    }
    double[] gradient = x.transposeTimes(projected, width);
    double[] own = x.transposeTimes(weights, 1);
    double[] byGram = new double[n * width];
    algebra.multiply(false, false, n, width, width, 1, s, gram(s), 0, byGram);
    double[] norms = norms(s);
    for (int i = 0; i < n; i++) {
      for (int k = 0; k < width; k++) {
        int at = i * width + k;
        double data = gradient[at] - root[i] * s[at] * slope[i] * own[i];
        gradient[at] = 2 * root[i] * data + 2 / rho * (byGram[at] - norms[i] * s[at]);
      }
    }
    return gradient;
  }

  private double[] scaled(double[] at) {
    double[] v = new double[at.length];
    Arrays.setAll(v, i -> root[i / width] * at[i]);
    return v;
  }

  /** (1 − 2c_i) Σ_k v_ik². */
  private double[] ownSlopes(double[] at) {
    double[] norms = norms(at);
    Arrays.setAll(norms, i -> slope[i] * root[i] * root[i] * norms[i]);
    return norms;
  }

  /** Σ_k s_ik². */
  private double[] norms(double[] at) {
    double[] norms = new double[root.length];
    for (int i = 0; i < at.length; i++) {
      norms[i / width] += at[i] * at[i];
    }
    return norms;
  }

  /** sᵀs. */
  private double[] gram(double[] at) {
    double[] gram = new double[width * width];
    algebra.multiply(true, false, width, width, root.length, 1, at, at, 0, gram);
    return gram;
  }
}
