package io.ablate.estimate;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The methods of forward passes among which {@link AutoEstimator} chooses, by cross-validation on
 * the rows at hand. This is the one place where a method becomes a candidate.
 */
final class AutoCandidates {
  /** The methods; the first one is taken where there is nothing to choose by. */
  static final List<Candidate> ALL =
      List.of(
          new Candidate(new HierarchicalEstimator(), AutoCandidates::hierarchicalWork),
          new Candidate(new HierarchicalLogitsEstimator(), AutoCandidates::logitsWork),
          new Candidate(new RidgeEstimator(), AutoCandidates::ridgeWork),
          new Candidate(new LeastSquaresEstimator(), AutoCandidates::leastSquaresWork));

  static final int FOLDS = 5;

  /** Rows below which scores are mostly noise. */
  static final int FEWEST_ROWS = 50;

  /** Floating-point operations of all folds beyond which a candidate is left out. */
  static final double MOST_WORK = 1e12;

  /** Likelihoods of the hierarchical prior that a fit evaluates, about. */
  private static final double EVALUATIONS = 50;

  private AutoCandidates() {}

  /** Floating-point operations of one fit, about: a figure that no clock decides. */
  @FunctionalInterface
  interface Work {
    double of(double rows, double columns, double examples);
  }

  /** A method and its price. */
  record Candidate(Estimator method, Work work) {
    boolean affordable(TrainingData data) {
      if (method.wantsLogits() && data.logits() == null) {
        return false; // it would be the hierarchical ridge once more
      }
      double rows = data.rows() * (FOLDS - 1.0) / FOLDS;
      return FOLDS * work.of(rows, data.columns(), data.examples()) <= MOST_WORK;
    }
  }

  /**
   * What was chosen.
   *
   * @param reason for people
   * @param scores of the candidates compared: the correlation of predicted and true outputs of rows
   *     left out, mean over the examples; empty where none were
   */
  record Choice(Estimator method, String reason, Map<String, Double> scores) {}

  /** Chooses for data without gradients. */
  static Choice choose(TrainingData data, FitContext context) {
    Candidate first = ALL.getFirst();
    List<Candidate> affordable = ALL.stream().filter(c -> c.affordable(data)).toList();
    if (data.rows() < FEWEST_ROWS) {
      return only(first, "fewer than " + FEWEST_ROWS + " rows are too few to choose by");
    }
    if (data.examples() == 0 || !affordable.contains(first) || affordable.size() == 1) {
      return only(first, "cross-validating others as well would cost too much");
    }
    Map<String, Double> scores = new LinkedHashMap<>();
    Candidate best = first;
    for (Candidate candidate : affordable) {
      context.progress().update("choosing a method", scores.size(), affordable.size());
      double score = score(candidate.method, data, context);
      scores.put(candidate.method.name(), score);
      if (score > scores.getOrDefault(best.method.name(), score)) {
        best = candidate;
      }
    }
    context.progress().update("choosing a method", affordable.size(), affordable.size());
    String reason = "best correlation with left-out rows in " + FOLDS + "-fold cross-validation";
    return new Choice(best.method, reason, scores);
  }

  private static Choice only(Candidate candidate, String reason) {
    return new Choice(candidate.method, reason, Map.of());
  }

  private static double score(Estimator method, TrainingData data, FitContext context) {
    double[][] predicted = CrossValidation.predict(method, data, FOLDS, context);
    double[] correlations = new double[predicted.length];
    Arrays.setAll(correlations, e -> CrossValidation.correlation(predicted[e], data.outputs()[e]));
    return Arrays.stream(correlations).average().orElse(0);
  }

  private static double hierarchicalWork(double rows, double columns, double examples) {
    double small = Math.min(rows, columns);
    double pooled = Math.min(rows, PooledOutputs.MOST_ROWS);
    double likelihoods =
        EVALUATIONS * Math.min(examples, PooledOutputs.EXAMPLES) * pooled * pooled * pooled;
    return likelihoods + examples * (small * small * small / 3 + 2 * rows * columns * small);
  }

  /** The ridge of the outputs, then its search, from where that one ended, and its solutions. */
  private static double logitsWork(double rows, double columns, double examples) {
    return 2 * hierarchicalWork(rows, columns, examples);
  }

  private static double ridgeWork(double rows, double columns, double examples) {
    double small = Math.min(rows, columns);
    return 10 * small * small * small + 4 * rows * columns * small;
  }

  private static double leastSquaresWork(double rows, double columns, double examples) {
    double small = Math.min(rows, columns);
    return small * small * small / 3 + 2 * rows * columns * small;
  }
}
