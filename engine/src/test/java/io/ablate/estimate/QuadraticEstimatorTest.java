package io.ablate.estimate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.ablate.evaluate.Lds;
import io.ablate.linalg.EjmlLinearAlgebra;
import io.ablate.mask.MaskMatrix;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class QuadraticEstimatorTest extends EstimatorProperties {
  private static final int N = 16;
  private static final int TRAINED = 240;

  @TempDir Path folder;

  @Override
  Estimator estimator() {
    return new QuadraticEstimator();
  }

  @Override
  double tolerance() {
    return 1e-5; // the search for the hyper-parameters ends within a tolerance
  }

  @Test
  void shouldFindPairsThatActTogether() {
    TrainingData all = pairs(540, 2, 3);
    TrainingData data = all.first(TRAINED);
    ComponentModels models = estimator().fit(data, CONTEXT);
    assertThat((Double) Objects.requireNonNull(models.diagnostics().get("pair_share_of_noise")))
        .isGreaterThan(.2);
    assertThat((Double) Objects.requireNonNull(models.diagnostics().get("leave_one_out_r2")))
        .isGreaterThan(
            (Double) Objects.requireNonNull(models.diagnostics().get("leave_one_out_r2_linear")));
    double linear = lds(new HierarchicalEstimator().fit(data, CONTEXT), all);
    assertThat(lds(models, all)).isGreaterThan(linear + .03);
    PairPart part = (PairPart) Objects.requireNonNull(models.nonlinear());
    PairPart.Pair strongest = part.strongest(0, 3).getFirst();
    assertThat(List.of(strongest.first(), strongest.second())).containsExactly(2, 5);
    assertThat(strongest.weight()).isBetween(2.0, 4.5);
    double together = models.effectOfAblating(2, 5)[0];
    double apart = models.effectOfAblating(2)[0] + models.effectOfAblating(5)[0];
    // x_2 x_5 with weight w: what both lose together is less by w than what they lose one by one.
    assertThat(apart - together).isCloseTo(strongest.weight(), within(1e-9));
  }

  @Test
  void shouldAdmitNoPositivePairInTheSubmodularForm() {
    TrainingData all = pairs(540, 2, -3);
    TrainingData data = all.first(TRAINED);
    ComponentModels models = QuadraticEstimator.submodular().fit(data, CONTEXT);
    PairPart part = (PairPart) Objects.requireNonNull(models.nonlinear());
    List<PairPart.Pair> found = part.strongest(1, N * N);
    assertThat(found).hasSizeGreaterThan(10).allMatch(pair -> pair.weight() <= 0);
    assertThat(List.of(found.getFirst().first(), found.getFirst().second())).containsExactly(2, 5);
    assertThat(found.getFirst().weight()).isBetween(-4.5, -2.0);
    assertThat(List.of(found.get(1).first(), found.get(1).second())).containsExactly(7, 11);
    double linear = lds(new HierarchicalEstimator().fit(data, CONTEXT), all);
    assertThat(lds(models, all)).isGreaterThan(linear + .03);
  }

  @Test
  void shouldLeavePairsOutWhereTheyDoNotPay() {
    TrainingData data = SyntheticData.linear(SyntheticData.masks(90, 31, 1), 3, 1, 2);
    ComponentModels models = estimator().fit(data, CONTEXT);
    assertThat(models.diagnostics()).containsEntry("pair_share_of_noise", 0.0);
    assertThat(models.nonlinear()).isNull();
    assertThat(models.attributions())
        .isDeepEqualTo(new HierarchicalEstimator().fit(data, CONTEXT).attributions());
  }

  @Test
  void shouldReadItsModelsBack() {
    TrainingData data = pairs(TRAINED, 2, 3);
    ComponentModels models = estimator().fit(data, CONTEXT);
    FitFiles.write(folder, models, Map.of());
    double[][] expected = models.predict(data.masks());
    double[][] found = FitFiles.read(folder).models().predict(data.masks());
    for (int e = 0; e < 2; e++) {
      assertThat(found[e]).containsExactly(expected[e], within(1e-4));
    }
    assertThat(Arrays.stream(expected[1]).average().orElseThrow())
        .isCloseTo(Arrays.stream(data.outputs()[1]).average().orElseThrow(), within(1e-9));
  }

  @Test
  void shouldNotBeWorseThanLinearOnTheGoldenDataset() {
    GoldenDataset golden = GoldenDataset.require();
    TrainingData some = golden.withLayers().first(100);
    int examples = 5; // to spare time
    TrainingData data =
        new TrainingData(
            some.masks(),
            Arrays.copyOf(some.outputs(), examples),
            some.layerOfColumn(),
            Arrays.copyOf(Objects.requireNonNull(some.activationScale()), examples));
    MaskMatrix masks = golden.masks.rows(3000, GoldenDataset.HELD_OUT);
    double[][] truth =
        Arrays.stream(golden.outputs)
            .limit(examples)
            .map(y -> Arrays.copyOfRange(y, 3000, GoldenDataset.HELD_OUT))
            .toArray(double[][]::new);
    double linear =
        mean(Lds.spearman(new HierarchicalEstimator().fit(data, CONTEXT).predict(masks), truth));
    for (Estimator form : List.of(estimator(), QuadraticEstimator.submodular())) {
      assertThat(mean(Lds.spearman(form.fit(data, CONTEXT).predict(masks), truth)))
          .isGreaterThan(linear - .01);
    }
  }

  @Test
  void shouldFactorWhatIsNeverFormed() {
    int n = 23;
    MaskMatrix masks = SyntheticData.masks(41, n, 4);
    CentredMasks x = new CentredMasks(new EjmlLinearAlgebra(), masks);
    SplittableRandom random = new SplittableRandom(5);
    double[] alpha = random.doubles(41, -1, 1).toArray();
    double[] d = random.doubles(n, .1, 2).toArray();
    double[] formed = formed(masks, x.means(), alpha, d);
    PairFactors all = PairFactors.of(x, alpha, d, n, new EjmlLinearAlgebra(), 1);
    for (int i = 0; i < n; i++) {
      for (int j = 0; j < n; j++) {
        double sum = 0;
        for (int k = 0; k < n; k++) {
          sum += all.values()[k] * all.vectors()[k][i] * all.vectors()[k][j];
        }
        assertThat(sum).isCloseTo(formed[i * n + j], within(1e-9));
      }
    }
    PairFactors some = PairFactors.of(x, alpha, d, 4, new EjmlLinearAlgebra(), 1);
    for (int k = 0; k < 4; k++) {
      assertThat(some.values()[k])
          .isCloseTo(all.values()[k], within(1e-2 * Math.abs(all.values()[0])));
    }
  }

  @Test
  void shouldCorrectByTheSumOverPairs() {
    int n = 23;
    MaskMatrix masks = SyntheticData.masks(41, n, 4);
    double[][] u = {new SplittableRandom(1).doubles(n, -1, 1).toArray(), new double[n]};
    u[1][3] = 2;
    u[1][7] = -1;
    double[] lambda = {.5, -2};
    double[] centre = new SplittableRandom(2).doubles(n, .8, 1).toArray();
    PairPart part =
        new PairPart(new double[][][] {u}, new double[][] {lambda}, centre, new double[] {.25});
    double[] found = part.correction(masks)[0];
    for (int row = 0; row < 41; row++) {
      double expected = -.25;
      for (int i = 0; i < n; i++) {
        for (int j = 0; j < n; j++) {
          double w = lambda[0] * u[0][i] * u[0][j] + lambda[1] * u[1][i] * u[1][j];
          double xi = (masks.get(row, i) ? 1 : 0) - centre[i];
          double xj = (masks.get(row, j) ? 1 : 0) - centre[j];
          expected += i == j ? 0 : w * xi * xj;
        }
      }
      assertThat(found[row]).isCloseTo(expected, within(1e-9));
    }
  }

  private static double[] formed(MaskMatrix masks, double[] means, double[] alpha, double[] d) {
    int n = masks.columns();
    double[] formed = new double[n * n];
    for (int row = 0; row < masks.rows(); row++) {
      for (int i = 0; i < n; i++) {
        for (int j = 0; j < n; j++) {
          double xi = (masks.get(row, i) ? 1 : 0) - means[i];
          double xj = (masks.get(row, j) ? 1 : 0) - means[j];
          formed[i * n + j] += i == j ? 0 : alpha[row] * d[i] * xi * d[j] * xj;
        }
      }
    }
    return formed;
  }

  /** Masks that keep two thirds; outputs with a strong pair, weight·x_2·x_5, and a weaker one. */
  private static TrainingData pairs(int rows, int examples, double weight) {
    SplittableRandom random = new SplittableRandom(9);
    MaskMatrix masks = new MaskMatrix(rows, N);
    for (int i = 0; i < rows * N; i++) {
      masks.set(i / N, i % N, random.nextDouble() < .67);
    }
    double[][] outputs = new double[examples][rows];
    for (double[] y : outputs) {
      double[] theta = random.doubles(N, -1, 1).toArray();
      for (int row = 0; row < rows; row++) {
        y[row] = .1 * random.nextGaussian();
        for (int i = 0; i < N; i++) {
          y[row] += masks.get(row, i) ? theta[i] : 0;
        }
        y[row] += masks.get(row, 2) && masks.get(row, 5) ? weight : 0;
        y[row] -= masks.get(row, 7) && masks.get(row, 11) ? 1.5 : 0;
      }
    }
    return new TrainingData(masks, outputs, new int[N]);
  }

  private static double lds(ComponentModels models, TrainingData all) {
    double[][] truth =
        Arrays.stream(all.outputs())
            .map(y -> Arrays.copyOfRange(y, TRAINED, y.length))
            .toArray(double[][]::new);
    return mean(Lds.spearman(models.predict(all.masks().rows(TRAINED, all.rows())), truth));
  }

  private static double mean(double[] values) {
    return Arrays.stream(values).average().orElseThrow();
  }
}
