package io.ablate.estimate;

import com.fasterxml.jackson.databind.JsonNode;
import io.ablate.base.BadInputException;
import io.ablate.base.Problem;
import io.ablate.mask.MaskMatrix;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * Terms of pairs of components, of low rank: Σ_k λ_k (u_kᵀx̃)² − Σ_i d_i x̃_i² − offset, where x̃
 * is the mask less the centre and d_i = Σ_k λ_k u_ki², so that no component pairs with itself.
 */
final class PairPart implements NonlinearPart {
  static final String KIND = "pairs";
  static final String FACTORS = "pair_factors.npy";
  static final String WEIGHTS = "pair_weights.npy";
  static final String CENTRE = "pair_centre.npy";

  /** Components among which the strongest pairs are sought; more than networks for CIFAR have. */
  private static final int MOST_CANDIDATES = 4096;

  private final double[][][] factors;
  private final double[][] weights;
  private final double[] centre;
  private final double[] offsets;

  /**
   * @param factors examples × rank × n: u
   * @param weights examples × rank: λ
   * @param centre n
   * @param offsets per example
   */
  PairPart(double[][][] factors, double[][] weights, double[] centre, double[] offsets) {
    this.factors = factors;
    this.weights = weights;
    this.centre = centre;
    this.offsets = offsets;
  }

  /**
   * Two components and the coefficient of the product of their mask entries: how much more (or
   * less) they say together than apart.
   */
  public record Pair(int first, int second, double weight) {}

  @Override
  public double[][] correction(MaskMatrix masks) {
    double[][] corrections = new double[factors.length][];
    for (int e = 0; e < corrections.length; e++) {
      corrections[e] = example(e, masks);
    }
    return corrections;
  }

  private double[] example(int e, MaskMatrix masks) {
    int rank = weights[e].length;
    double[][] linear = new double[rank + 1][];
    double[] intercepts = new double[rank + 1];
    System.arraycopy(factors[e], 0, linear, 0, rank);
    for (int k = 0; k < rank; k++) {
      for (int i = 0; i < centre.length; i++) {
        intercepts[k] -= factors[e][k][i] * centre[i];
      }
    }
    // x̃² = (1 − 2c)x + c² for x of 0 or 1.
    double[] diagonal = diagonal(e);
    linear[rank] = new double[centre.length];
    for (int i = 0; i < centre.length; i++) {
      linear[rank][i] = diagonal[i] * (1 - 2 * centre[i]);
      intercepts[rank] += diagonal[i] * centre[i] * centre[i];
    }
    double[][] parts = LinearPredictions.of(masks, linear, intercepts);
    double[] correction = new double[masks.rows()];
    for (int row = 0; row < correction.length; row++) {
      correction[row] = -parts[rank][row] - offsets[e];
      for (int k = 0; k < rank; k++) {
        correction[row] += weights[e][k] * parts[k][row] * parts[k][row];
      }
    }
    return correction;
  }

  private double[] diagonal(int e) {
    double[] diagonal = new double[centre.length];
    for (int k = 0; k < weights[e].length; k++) {
      for (int i = 0; i < diagonal.length; i++) {
        diagonal[i] += weights[e][k] * factors[e][k][i] * factors[e][k][i];
      }
    }
    return diagonal;
  }

  /** The {@code count} pairs of largest weight by magnitude, largest first. */
  List<Pair> strongest(int e, int count) {
    double[] size = new double[centre.length];
    for (int k = 0; k < weights[e].length; k++) {
      for (int i = 0; i < size.length; i++) {
        size[i] += Math.abs(weights[e][k]) * factors[e][k][i] * factors[e][k][i];
      }
    }
    int[] candidates =
        IntStream.range(0, size.length)
            .boxed()
            .sorted(Comparator.comparingDouble((Integer i) -> -size[i]))
            .limit(MOST_CANDIDATES)
            .mapToInt(Integer::intValue)
            .sorted()
            .toArray();
    Comparator<Pair> byWeight = Comparator.comparingDouble((Pair pair) -> -Math.abs(pair.weight));
    List<Pair> best = new ArrayList<>();
    double threshold = 0;
    for (int a = 0; a < candidates.length; a++) {
      for (int b = a + 1; b < candidates.length; b++) {
        double weight = weight(e, candidates[a], candidates[b]);
        if (Math.abs(weight) > threshold) {
          best.add(new Pair(candidates[a], candidates[b], weight));
          if (best.size() >= 2 * count + 64) {
            best.sort(byWeight);
            best.subList(count, best.size()).clear();
            threshold = Math.abs(best.getLast().weight);
          }
        }
      }
    }
    best.sort(byWeight);
    return List.copyOf(best.subList(0, Math.min(count, best.size())));
  }

  /** The coefficient of x_i x_j. */
  private double weight(int e, int i, int j) {
    double sum = 0;
    for (int k = 0; k < weights[e].length; k++) {
      sum += weights[e][k] * factors[e][k][i] * factors[e][k][j];
    }
    return 2 * sum;
  }

  @Override
  public void write(Path folder) {
    FitFiles.writeCube(folder.resolve(FACTORS), factors);
    FitFiles.writeRows(folder.resolve(WEIGHTS), weights);
    FitFiles.writeRows(folder.resolve(CENTRE), new double[][] {centre});
  }

  @Override
  public Map<String, Object> manifest() {
    return Map.of("kind", KIND, "offsets", offsets);
  }

  static PairPart read(Path folder, JsonNode field, int examples, int columns) {
    if (field.path("offsets").size() != examples) {
      throw new BadInputException(
          Problem.of("the pairs are described wrongly")
              .at(folder.resolve("manifest.json"))
              .expected("offsets of " + examples + " examples")
              .found(field));
    }
    double[] offsets =
        IntStream.range(0, examples)
            .mapToDouble(e -> field.path("offsets").path(e).asDouble())
            .toArray();
    double[][][] factors = FitFiles.readCube(folder.resolve(FACTORS), examples, columns);
    int rank = examples == 0 ? 0 : factors[0].length;
    return new PairPart(
        factors,
        FitFiles.readRows(folder.resolve(WEIGHTS), examples, rank),
        FitFiles.readRows(folder.resolve(CENTRE), 1, columns)[0],
        offsets);
  }
}
