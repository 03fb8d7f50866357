package io.ablate.estimate;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.IntStream;

/**
 * Pairs of components beside single ones: f ≈ b + θᵀx + Σ_{i≠j} w_ij x̃_i x̃_j, w of low rank
 * (Karchmer's quadratic models). A Gaussian process whose kernel is that of the hierarchical ridge
 * plus its own square, entry by entry: the square holds all n² products at the price of one m × m
 * matrix. Its share of the variance maximises the marginal likelihood; where it does not gain what
 * a parameter costs, the fit is the hierarchical ridge. The weights w = Σ_r α_r (d ⊙ x̃_r)(d ⊙
 * x̃_r)ᵀ are kept by their leading eigenvectors.
 *
 * <p>Attributions are those of the linear part: effects at the average mask. Costs m³/3 + m²n per
 * example and three m × m matrices per thread: for some thousands of rows.
 */
public final class QuadraticEstimator implements Estimator {
  /** The name of this method. */
  public static final String NAME = "quadratic";

  private static final int RANK = 64;
  private static final int PAIRS_TOLD = 10;

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
    HierarchicalFit direct = new HierarchicalFit(data, context);
    PairShares shares = PairShares.of(direct, context);
    Map<String, Object> diagnostics = new TreeMap<>(direct.diagnostics());
    diagnostics.put("pair_variance_share", shares.pairs());
    diagnostics.put("pair_evidence", shares.gain());
    if (shares.pairs() == 0) {
      ComponentModels models = direct.models();
      diagnostics.put("strongest_pairs", List.of());
      return new ComponentModels(NAME, models.attributions(), models.intercepts(), diagnostics);
    }
    int examples = data.examples();
    CentredMasks centred = new CentredMasks(context.algebra(), data.masks());
    double[] centre = centred.means();
    List<Solution> solved =
        Parallel.map(
            "pairs of examples",
            examples,
            context,
            e -> new Solution(direct, shares, centred, centre, e, context));
    double[][] theta = solved.stream().map(s -> s.theta).toArray(double[][]::new);
    double[][][] factors = solved.stream().map(s -> s.factors).toArray(double[][][]::new);
    double[][] weights = solved.stream().map(s -> s.weights).toArray(double[][]::new);
    double[] offsets =
        Arrays.stream(
                new PairPart(factors, weights, centre, new double[examples])
                    .correction(data.masks()))
            .mapToDouble(correction -> Arrays.stream(correction).average().orElse(0))
            .toArray();
    PairPart pairs = new PairPart(factors, weights, centre, offsets);
    diagnostics.put(
        "strongest_pairs",
        IntStream.range(0, examples).mapToObj(e -> pairs.strongest(e, PAIRS_TOLD)).toList());
    double[] intercepts = new double[examples];
    Arrays.setAll(intercepts, e -> direct.intercept(e, theta[e]));
    return ComponentModels.nonlinear(NAME, theta, intercepts, pairs, diagnostics);
  }

  /** One example: θ, and λ and u of the pairs. */
  private static final class Solution {
    private final double[] theta;
    private final double[][] factors;
    private final double[] weights;

    Solution(
        HierarchicalFit direct,
        PairShares shares,
        CentredMasks x,
        double[] centre,
        int e,
        FitContext context) {
      int n = x.columns();
      int rank = Math.min(RANK, Math.min(n, x.rows()));
      double[] d = direct.variances(direct.prior, e);
      if (direct.deviation[e] == 0) {
        theta = new double[n];
        factors = new double[rank][n];
        weights = new double[rank];
        return;
      }
      double[] root = Arrays.stream(d).map(Math::sqrt).toArray();
      double[] kernel = direct.design.kernel(IntStream.range(0, n).toArray(), root);
      PairShares.PairKernel pairs = PairShares.pairKernel(kernel, x.rows());
      double[] alpha = weights(direct.standardised[e], kernel, pairs.values(), shares, context);
      double deviation = direct.deviation[e];
      double[] projected = x.transposeTimes(alpha, 1);
      double[] linear = new double[n];
      Arrays.setAll(linear, i -> deviation * shares.linear() * d[i] * projected[i]);
      double unit = deviation * shares.pairs() / pairs.unit();
      Arrays.setAll(alpha, row -> unit * alpha[row]);
      addDiagonal(linear, x, alpha, d, centre);
      theta = linear;
      PairFactors found = PairFactors.of(x, alpha, d, rank, context.algebra(), context.seed());
      factors = found.vectors();
      weights = found.values();
    }

    private static double[] weights(
        double[] y, double[] kernel, double[] pairs, PairShares shares, FitContext context) {
      int m = y.length;
      // Rounding can cost definiteness only where the noise is tiny; more is no loss.
      for (double noise = shares.noise(); noise < 1e12; noise *= 100) {
        double[] covariance = new double[m * m];
        for (int i = 0; i < covariance.length; i++) {
          covariance[i] = shares.linear() * kernel[i] + shares.pairs() * pairs[i];
        }
        for (int row = 0; row < m; row++) {
          covariance[row * m + row] += noise;
        }
        double[] alpha = y.clone();
        if (context.algebra().solvePositiveDefinite(covariance, m, alpha, 1)) {
          return alpha;
        }
      }
      throw new IllegalStateException("covariance of the outputs is not positive definite");
    }

    /** A component paired with itself is linear: w_ii x̃_i² = w_ii ((1 − 2c)x_i + c²). */
    private static void addDiagonal(
        double[] linear, CentredMasks x, double[] alpha, double[] d, double[] centre) {
      // Σ_r α_r x̃_ri² = (1 − 2c) Σ_r α_r x_ri + c² Σ_r α_r; Σ_r α_r x_ri is that of x̃ + c Σ_r
      // α_r.
      double[] projected = x.transposeTimes(alpha, 1);
      double total = Arrays.stream(alpha).sum();
      for (int i = 0; i < linear.length; i++) {
        double c = centre[i];
        double squares = (1 - 2 * c) * (projected[i] + c * total) + c * c * total;
        linear[i] += d[i] * d[i] * squares * (1 - 2 * c);
      }
    }
  }
}
