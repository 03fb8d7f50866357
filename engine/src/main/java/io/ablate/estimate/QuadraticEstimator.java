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
 * plus the kernel of all products of two components, which takes one m × m matrix. The pairs' share
 * is chosen by leave-one-out errors ({@link PairShares}); where they do not pay, the fit is the
 * hierarchical ridge. The weights w = Σ_r α_r (d ⊙ x̃_r)(d ⊙ x̃_r)ᵀ, off the diagonal, are kept by
 * their leading eigenvectors.
 *
 * <p>The {@linkplain #submodular() submodular form} admits no positive pair: w = −Σ_k v_k v_kᵀ with
 * v ≥ 0 ({@link SubmodularFactors}).
 *
 * <p>Attributions are those of the linear part: effects at the average mask. Costs m³ + m²n per
 * example and a few m × m matrices per thread: for some thousands of rows.
 */
public final class QuadraticEstimator implements Estimator {
  /** The name of this method. */
  public static final String NAME = "quadratic";

  /** The name of its submodular form. */
  public static final String SUBMODULAR_NAME = NAME + "-submodular";

  private static final int RANK = 64;

  /** Directions from which the submodular form starts, with two factors each. */
  private static final int SUBMODULAR_DIRECTIONS = 16;

  private static final int PAIRS_TOLD = 10;

  private final boolean submodular;

  /** The method whose pairs have either sign. */
  public QuadraticEstimator() {
    this(false);
  }

  private QuadraticEstimator(boolean submodular) {
    this.submodular = submodular;
  }

  /** The method that admits no positive pair. */
  public static QuadraticEstimator submodular() {
    return new QuadraticEstimator(true);
  }

  @Override
  public String name() {
    return submodular ? SUBMODULAR_NAME : NAME;
  }

  @Override
  public Optional<Spending> spending(double budget, Costs costs) {
    return Spending.rowsOnly(budget, costs.activationScale(), costs);
  }

  @Override
  public ComponentModels fit(TrainingData data, FitContext context) {
    HierarchicalFit direct = new HierarchicalFit(data, false, context);
    PairShares shares = PairShares.of(direct, context);
    Map<String, Object> diagnostics = new TreeMap<>(direct.diagnostics());
    diagnostics.put("pair_share_of_noise", shares.share());
    if (!Double.isNaN(shares.r2())) {
      diagnostics.put("leave_one_out_r2_linear", shares.linearR2());
      diagnostics.put("leave_one_out_r2", shares.r2());
    }
    if (shares.share() == 0) {
      ComponentModels models = direct.models();
      diagnostics.put("strongest_pairs", List.of());
      return new ComponentModels(name(), models.attributions(), models.intercepts(), diagnostics);
    }
    int examples = data.examples();
    CentredMasks centred = new CentredMasks(context.algebra(), data.masks());
    List<Solution> solved =
        Parallel.map(
            "pairs of examples",
            examples,
            context,
            e -> new Solution(direct, shares, centred, e, submodular, context));
    double[][] theta = solved.stream().map(s -> s.theta).toArray(double[][]::new);
    double[][][] factors = solved.stream().map(s -> s.factors).toArray(double[][][]::new);
    double[][] weights = solved.stream().map(s -> s.weights).toArray(double[][]::new);
    double[] centre = centred.means();
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
    return ComponentModels.nonlinear(name(), theta, intercepts, pairs, diagnostics);
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
        int e,
        boolean submodular,
        FitContext context) {
      int n = x.columns();
      int rank = Math.min(submodular ? SUBMODULAR_DIRECTIONS : RANK, Math.min(n, x.rows()));
      double deviation = direct.deviation[e];
      double[] y = direct.residuals[e];
      if (deviation == 0) {
        int count = submodular ? 2 * rank : rank;
        theta = new double[n];
        factors = new double[count][n];
        weights = new double[count];
        return;
      }
      double[] d = direct.variances(direct.prior, e);
      double[] root = Arrays.stream(d).map(Math::sqrt).toArray();
      double[] kernel = direct.design.kernel(IntStream.range(0, n).toArray(), root);
      PairShares.PairKernel pairs = PairShares.PairKernel.of(direct.design, kernel, d);
      double rho = shares.pairs() / pairs.unit();
      double[] all = kernel.clone();
      Arrays.setAll(all, i -> all[i] + shares.pairs() * pairs.values()[i]);
      double[] alpha = solve(all, shares.noise(), y, 1, context);
      if (submodular) {
        double[] identity = new double[y.length * y.length];
        for (int row = 0; row < y.length; row++) {
          identity[row * y.length + row] = 1;
        }
        double[] precision = solve(kernel, shares.noise(), identity, y.length, context);
        PairFactors free = PairFactors.of(x, alpha, root, rank, context.algebra(), context.seed());
        SubmodularFactors.Found found =
            SubmodularFactors.of(x, precision, y, d, rho, free, context.algebra());
        theta = direct.withMean(e, linear(x, found.weights(), d));
        factors = found.factors();
        weights = new double[factors.length];
        Arrays.fill(weights, -deviation);
        return;
      }
      theta = direct.withMean(e, linear(x, alpha, d));
      Arrays.setAll(alpha, row -> deviation * rho * alpha[row]);
      PairFactors found = PairFactors.of(x, alpha, d, rank, context.algebra(), context.seed());
      factors = found.vectors();
      weights = found.values();
    }

    private static double[] linear(CentredMasks x, double[] alpha, double[] d) {
      double[] theta = x.transposeTimes(alpha, 1);
      Arrays.setAll(theta, i -> d[i] * theta[i]);
      return theta;
    }

    /** (kernel + noise)⁻¹ right, with k columns. */
    private static double[] solve(
        double[] kernel, double least, double[] right, int k, FitContext context) {
      int m = right.length / k;
      // Rounding can cost definiteness only where the noise is tiny; more is no loss.
      for (double noise = least; noise < 1e12; noise *= 100) {
        double[] covariance = kernel.clone();
        for (int row = 0; row < m; row++) {
          covariance[row * m + row] += noise;
        }
        double[] solution = right.clone();
        if (context.algebra().solvePositiveDefinite(covariance, m, solution, k)) {
          return solution;
        }
      }
      throw new IllegalStateException("covariance of the outputs is not positive definite");
    }
  }
}
