package io.ablate.evaluate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import io.ablate.base.BadInputException;
import io.ablate.base.InterruptedRunException;
import io.ablate.base.Json;
import io.ablate.base.Progress;
import io.ablate.base.UsageException;
import io.ablate.estimate.ComponentModels;
import io.ablate.estimate.Costs;
import io.ablate.estimate.Estimator;
import io.ablate.estimate.Estimators;
import io.ablate.estimate.FitContext;
import io.ablate.estimate.GoldenDataset;
import io.ablate.estimate.GradientData;
import io.ablate.estimate.Spending;
import io.ablate.estimate.TrainingData;
import io.ablate.linalg.EjmlLinearAlgebra;
import io.ablate.mask.MaskMatrix;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class ComparisonTest {
  private static final List<Estimator> METHODS =
      List.of(Estimators.byName("ridge"), Estimators.byName("least-squares"));
  private static final FitContext CONTEXT =
      new FitContext(new EjmlLinearAlgebra(), 1, Progress.NONE);

  @Test
  void shouldHaveScoresThatTheDataAloneReproduce() {
    ComparisonData data = data(400, 31, 3);
    ComparisonResult result =
        Comparison.run(data, METHODS, new int[] {50, 71, 100}, new double[] {.5}, CONTEXT).result();
    assertThat(result.curves()).hasSize(6);
    for (CurvePoint point : result.curves()) {
      ComponentModels models =
          Estimators.byName(point.method()).fit(data.data().first(point.samples()), CONTEXT);
      double[][] truth = new double[3][];
      for (int e = 0; e < 3; e++) {
        truth[e] = Arrays.copyOfRange(data.data().outputs()[e], 300, 400);
      }
      double[] lds = Lds.spearman(models.predict(data.data().masks().rows(300, 400)), truth);
      assertThat(point.ldsPerExample()).isEqualTo(lds);
      assertThat(point.ldsMean())
          .isCloseTo(Arrays.stream(lds).average().orElseThrow(), within(1e-12));
      assertThat(point.ldsCi()[0]).isLessThan(point.ldsMean());
      assertThat(point.ldsCi()[1]).isGreaterThan(point.ldsMean());
    }
  }

  @Test
  void shouldWriteTheFieldsOfTheFormat() throws Exception {
    Comparison.Outcome outcome =
        Comparison.run(
            data(400, 31, 3), METHODS, new int[] {50, 100}, new double[] {.3, 1.1}, CONTEXT);
    JsonNode json = Json.mapper().readTree(Json.write(outcome.result()));
    JsonNode point = json.path("curves").path(0);
    assertThat(point.path("method").asText()).isEqualTo("ridge");
    assertThat(point.path("samples").asInt()).isEqualTo(50);
    assertThat(point.path("pass_equivalents").asInt()).isEqualTo(50);
    assertThat(point.path("lds_ci")).hasSize(2);
    assertThat(point.path("seconds").asDouble())
        .isEqualTo(25 + point.path("fit_seconds").asDouble());
    assertThat(point.has("lds_mean")).isTrue();
    assertThat(point.has("pearson_mean")).isTrue();
    assertThat(json.path("samples_to_target").path("ridge").path("0.3").isNumber()).isTrue();
    assertThat(json.path("samples_to_target").path("ridge").path("1.1").isNull()).isTrue();
    assertThat(json.path("samples_to_hold").path("least-squares").has("0.3")).isTrue();
    assertThat(json.path("reduction_vs_least_squares").path("ridge").has("0.3")).isTrue();
    assertThat(json.path("reduction_vs_least_squares").has("least-squares")).isFalse();
    assertThat(json.path("reduction_vs_least_squares_saga").toString()).isEqualTo("{}");
    assertThat(json.path("held_out_rows").toString()).isEqualTo("[300,400]");
    assertThat(outcome.finalModels()).containsOnlyKeys("ridge", "least-squares");
    assertThat(
            Json.mapper().readValue(Json.write(outcome.result()), ComparisonResult.class).curves())
        .hasSize(4);
  }

  @Test
  void shouldGiveReductionsAgainstCoarsOwnSolverWhereItWasCompared() {
    List<Estimator> methods =
        List.of(
            Estimators.byName("least-squares-saga"),
            Estimators.byName("ridge"),
            Estimators.byName("least-squares"));
    ComparisonResult result =
        Comparison.run(
                data(400, 31, 3), methods, new int[] {50, 100, 200}, new double[] {.5}, CONTEXT)
            .result();
    assertThat(result.reductionVsLeastSquaresSaga()).containsOnlyKeys("ridge", "least-squares");
    assertThat(result.reductionVsLeastSquares()).containsOnlyKeys("ridge", "least-squares-saga");
    double needed = of(result.samplesToTarget(), "ridge");
    assertThat(of(result.reductionVsLeastSquaresSaga(), "ridge"))
        .isEqualTo(1 - needed / of(result.samplesToTarget(), "least-squares-saga"));
    assertThat(of(result.reductionVsLeastSquares(), "ridge"))
        .isEqualTo(1 - needed / of(result.samplesToTarget(), "least-squares"));
    assertThat(result.reductionVsLeastSquaresSagaCi()).containsOnlyKeys("ridge", "least-squares");
  }

  private static double of(Map<String, ? extends Map<String, Double>> table, String method) {
    return Objects.requireNonNull(Objects.requireNonNull(table.get(method)).get("0.5"));
  }

  @Test
  void shouldGiveTheSameAgain() {
    ComparisonData data = data(400, 31, 3);
    ComparisonResult first =
        Comparison.run(data, METHODS, new int[] {50, 100}, new double[] {.3}, CONTEXT).result();
    ComparisonResult second =
        Comparison.run(data, METHODS, new int[] {50, 100}, new double[] {.3}, CONTEXT).result();
    for (int i = 0; i < 4; i++) {
      assertThat(second.curves().get(i).ldsCi()).isEqualTo(first.curves().get(i).ldsCi());
      assertThat(second.curves().get(i).ldsMean()).isEqualTo(first.curves().get(i).ldsMean());
    }
    assertThat(second.samplesToTarget()).isEqualTo(first.samplesToTarget());
  }

  @Test
  void shouldLetEveryMethodSeeWhatItsBudgetPaidForAndNoMore() {
    ComparisonData rows = data(400, 31, 2);
    double[][] scale = new double[2][31];
    TrainingData all =
        new TrainingData(
            rows.data().masks(), rows.data().outputs(), rows.data().layerOfColumn(), scale);
    GradientOffer offer =
        new GradientOffer(2.5, new int[] {1, 2, 4}, false, passes -> gradients(passes, 31, 2));
    ComparisonData data = new ComparisonData(all, 300, 400, .5, offer, IndependentRows.ALL);
    List<String> seen = new ArrayList<>();
    Estimator frugal = new Watching("frugal", List.of(0, 0), seen);
    Estimator lavish = new Watching("lavish", List.of(6, 1), seen);
    ComparisonResult result =
        Comparison.run(data, List.of(frugal, lavish), new int[] {20}, new double[] {.5}, CONTEXT)
            .result();
    // Before the first sample size: what 1, 2 and 4 passes of 2.5 cost.
    assertThat(seen)
        .containsExactly(
            "frugal: 0 rows, 1 passes",
            "frugal: 0 rows, 2 passes",
            "frugal: 0 rows, 4 passes",
            "lavish: 6 rows, 4 passes, unablated, scale");
    assertThat(result.curves())
        .extracting(CurvePoint::passEquivalents)
        .containsExactly(2.5, 5.0, 10.0, 19.5);
    for (CurvePoint point : result.curves()) {
      assertThat(Objects.requireNonNull(point.seconds()))
          .isEqualTo(point.passEquivalents() * .5 + point.fitSeconds());
    }
  }

  /** Takes all gradient passes that it can, and writes down what it was given. */
  private record Watching(String name, List<Integer> rowsAndFixed, List<String> seen)
      implements Estimator {
    @Override
    public Optional<Spending> spending(double budget, Costs costs) {
      int rows = rowsAndFixed.getFirst();
      boolean fixed = rowsAndFixed.getLast() == 1;
      double price = rows + (fixed ? 1 + costs.gradientPass() : 0);
      int passes = costs.affordable(budget - price);
      return passes == 0 || (fixed && passes < 4)
          ? Optional.empty()
          : Optional.of(
              new Spending(rows, passes, fixed, fixed, price + passes * costs.gradientPass()));
    }

    @Override
    public ComponentModels fit(TrainingData data, FitContext context) {
      GradientData told = Objects.requireNonNull(data.gradients());
      seen.add(
          "%s: %d rows, %d passes%s%s"
              .formatted(
                  name,
                  data.rows(),
                  told.passes(),
                  told.unablated() == null ? "" : ", unablated",
                  data.activationScale() == null ? "" : ", scale"));
      double[][] theta = told.keptSum();
      return new ComponentModels(name, theta, new double[theta.length], theta, Map.of());
    }
  }

  private static GradientData gradients(int passes, int n, int examples) {
    double[][] sums = new double[examples][n];
    sums[0][0] = 1;
    return new GradientData(
        new float[passes][n],
        new double[examples][passes],
        sums,
        sums,
        sums,
        sums,
        sums,
        new double[examples][n]);
  }

  @Test
  void shouldReportProgressByFits() {
    List<Long> done = new ArrayList<>();
    FitContext context =
        new FitContext(
            new EjmlLinearAlgebra(),
            1,
            (stage, finished, total) -> {
              assertThat(stage).isEqualTo("fits");
              assertThat(total).isEqualTo(4);
              done.add(finished);
            });
    Comparison.run(data(200, 13, 1), METHODS, new int[] {50, 100}, new double[] {.3}, context);
    assertThat(done).containsExactly(0L, 1L, 2L, 3L, 4L);
  }

  @Test
  void shouldStopWhenInterrupted() {
    Thread.currentThread().interrupt();
    try {
      assertThatThrownBy(
              () ->
                  Comparison.run(
                      data(200, 13, 1), METHODS, new int[] {50}, new double[] {.3}, CONTEXT))
          .isInstanceOf(InterruptedRunException.class);
    } finally {
      assertThat(Thread.interrupted()).isTrue();
    }
  }

  @Test
  void shouldRefuseSamplesThatAreMissingOrHeldOut() {
    assertThatThrownBy(
            () ->
                Comparison.run(
                    data(400, 13, 1), METHODS, new int[] {301}, new double[] {.3}, CONTEXT))
        .isInstanceOf(UsageException.class)
        .hasMessageContaining("overlap the held-out rows");
    assertThatThrownBy(
            () ->
                Comparison.run(
                    data(400, 13, 1), METHODS, new int[] {401}, new double[] {.3}, CONTEXT))
        .isInstanceOf(BadInputException.class)
        .hasMessageContaining("more samples asked than the store holds; expected at most 400");
    assertThatThrownBy(() -> new ComparisonData(data(400, 13, 1).data(), 399, 500, 0))
        .isInstanceOf(UsageException.class)
        .hasMessageContaining("399:500");
  }

  @Test
  void shouldFindTheLinearityCeilingOfTheGoldenDataset() {
    GoldenDataset golden = GoldenDataset.require();
    LinearityCeiling ceiling =
        Objects.requireNonNull(
            LinearityCeiling.of(
                golden.train(4500), new Bootstrap(10, 1500, 200, 1), 1, new EjmlLinearAlgebra()));
    assertThat(ceiling.mean()).isCloseTo(.775, within(.01));
    assertThat(ceiling.ci()[0]).isLessThan(ceiling.mean());
    assertThat(ceiling.ci()[1]).isGreaterThan(ceiling.mean()).isLessThan(1);
  }

  @Test
  void shouldEstimateTheCeilingOnIndependentRowsAlone() {
    TrainingData all = data(400, 31, 2).data();
    Bootstrap bootstrap = new Bootstrap(2, 100, Bootstrap.DRAWS, CONTEXT.seed());
    for (IndependentRows independent : IndependentRows.values()) {
      LinearityCeiling found =
          Comparison.run(
                  new ComparisonData(all, 300, 400, .5, null, independent),
                  METHODS,
                  new int[] {50, 71},
                  new double[] {.5},
                  CONTEXT)
              .result()
              .linearityCeiling();
      TrainingData rows =
          switch (independent) {
            case ALL -> all.first(71);
            case HELD_OUT -> all.rows(300, 400);
            case NONE -> null;
          };
      if (rows == null) {
        assertThat(found).isNull();
      } else {
        assertThat(Objects.requireNonNull(found).perExample())
            .isEqualTo(
                Objects.requireNonNull(
                        LinearityCeiling.of(rows, bootstrap, CONTEXT.seed(), CONTEXT.algebra()))
                    .perExample());
      }
    }
  }

  @Test
  void shouldFindTheCeilingOfOutputsThatAreHalfNoise() {
    // Signal and noise of the same variance: the best R² is 1/2.
    int m = 20_011;
    SplittableRandom random = new SplittableRandom(3);
    MaskMatrix masks = masks(m, 11, random);
    double[][] outputs = new double[1][m];
    double noise = Math.sqrt(11 * .09);
    for (int i = 0; i < m; i++) {
      outputs[0][i] = masks.kept(i) + noise * random.nextGaussian();
    }
    LinearityCeiling ceiling =
        Objects.requireNonNull(
            LinearityCeiling.of(
                new TrainingData(masks, outputs, new int[11]),
                new Bootstrap(1, 2, 100, 1),
                1,
                new EjmlLinearAlgebra()));
    assertThat(ceiling.mean()).isCloseTo(Math.sqrt(.5), within(.02));
  }

  private static ComparisonData data(int rows, int n, int examples) {
    SplittableRandom random = new SplittableRandom(rows);
    MaskMatrix masks = masks(rows, n, random);
    double[][] outputs = new double[examples][rows];
    for (double[] y : outputs) {
      double[] theta = random.doubles(n, -1, 1).toArray();
      for (int i = 0; i < rows; i++) {
        y[i] = random.nextGaussian();
        for (int j = 0; j < n; j++) {
          y[i] += masks.get(i, j) ? theta[j] : 0;
        }
      }
    }
    return new ComparisonData(new TrainingData(masks, outputs, new int[n]), rows * 3 / 4, rows, .5);
  }

  private static MaskMatrix masks(int rows, int n, SplittableRandom random) {
    MaskMatrix masks = new MaskMatrix(rows, n);
    for (int i = 0; i < rows * n; i++) {
      masks.set(i / n, i % n, random.nextDouble() < .9);
    }
    return masks;
  }
}
