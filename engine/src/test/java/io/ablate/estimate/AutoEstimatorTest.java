package io.ablate.estimate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.ablate.base.InterruptedRunException;
import io.ablate.evaluate.Lds;
import io.ablate.instrument.OutputFunction;
import java.util.Arrays;
import java.util.Map;
import java.util.Objects;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code auto} on forward passes; with gradients see {@link GradientEstimatorsTest}. */
class AutoEstimatorTest extends EstimatorProperties {
  @Override
  Estimator estimator() {
    return new AutoEstimator();
  }

  @Override
  double tolerance() {
    return 1e-5; // as the hierarchical search
  }

  @Test
  void shouldTakeThePriorThatKnowsTheLayersWhereItHelps() {
    ComponentModels models =
        estimator().fit(MaskGradientData.layered(60, 0, 0, 4, 1).data(), CONTEXT);
    assertThat(models.diagnostics()).containsEntry("chosen", "hierarchical");
    assertThat(scores(models)).containsOnlyKeys("hierarchical", "ridge", "least-squares");
    assertThat(models.diagnostics().get("reason")).asString().contains("5-fold cross-validation");
  }

  @Test
  void shouldTakeTheBestScoreAndGiveThatMethodsModel() {
    // An activation scale that says the contrary of the truth misleads the prior.
    TrainingData plain = SyntheticData.linear(SyntheticData.masks(120, 30, 1), 3, .5, 2);
    double[][] theta = new LeastSquaresEstimator().fit(plain, CONTEXT).attributions();
    double[][] scale = new double[3][30];
    for (int e = 0; e < 3; e++) {
      for (int i = 0; i < 30; i++) {
        scale[e][i] = Math.pow(.02 + Math.abs(theta[e][i]), -3);
      }
    }
    TrainingData data =
        new TrainingData(plain.masks(), plain.outputs(), plain.layerOfColumn(), scale);
    ComponentModels models = estimator().fit(data, CONTEXT);
    Map<String, Double> scores = scores(models);
    String best =
        scores.entrySet().stream().max(Map.Entry.comparingByValue()).orElseThrow().getKey();
    assertThat(best).isNotEqualTo("hierarchical");
    assertThat(models.diagnostics()).containsEntry("chosen", best);
    assertThat(models.method()).isEqualTo("auto");
    assertThat(models.attributions())
        .isDeepEqualTo(Estimators.byName(best).fit(data, CONTEXT).attributions());
  }

  @Test
  void shouldNotChooseByAFewRows() {
    ComponentModels models =
        estimator().fit(SyntheticData.linear(SyntheticData.masks(49, 8, 1), 2, .1, 2), CONTEXT);
    assertThat(models.diagnostics())
        .containsEntry("chosen", "hierarchical")
        .containsEntry("reason", "fewer than 50 rows are too few to choose by");
    assertThat(scores(models)).isEmpty();
  }

  @Test
  void shouldLeaveOutWhatCostsTooMuchByAFigureThatNoClockDecides() {
    TrainingData small = SyntheticData.linear(SyntheticData.masks(100, 8, 1), 2, .1, 2);
    assertThat(AutoCandidates.ALL)
        .filteredOn(candidate -> !candidate.method().wantsLogits())
        .hasSizeGreaterThan(2)
        .allMatch(candidate -> candidate.affordable(small));
    AutoCandidates.Candidate dear =
        new AutoCandidates.Candidate(
            new RidgeEstimator(), (rows, columns, examples) -> AutoCandidates.MOST_WORK);
    assertThat(dear.affordable(small)).isFalse();
  }

  @Test
  void shouldWeighLogitWiseModelsWhereThereAreLogits() {
    TrainingData all = LogitSynthetic.data(OutputFunction.MARGIN, 380, 24, 4, 5, 3);
    ComponentModels models = estimator().fit(all.first(120), CONTEXT);
    assertThat(models.diagnostics()).containsEntry("chosen", HierarchicalLogitsEstimator.NAME);
    double[][] expected =
        new HierarchicalLogitsEstimator().fit(all.first(120), CONTEXT).predict(all.masks());
    assertThat(models.predict(all.masks())).isDeepEqualTo(expected);
  }

  @Test
  void shouldStopWhenInterrupted() {
    TrainingData data = SyntheticData.linear(SyntheticData.masks(60, 8, 1), 2, .1, 2);
    Thread.currentThread().interrupt();
    assertThatThrownBy(() -> estimator().fit(data, CONTEXT))
        .isInstanceOf(InterruptedRunException.class);
    assertThat(Thread.interrupted()).isTrue();
  }

  @ParameterizedTest
  @ValueSource(ints = {100, 200})
  void shouldComeCloseToTheBestSingleMethodOnTheGoldenDataset(int samples) {
    GoldenDataset golden = GoldenDataset.require();
    TrainingData all = golden.withLayers();
    // Four examples, and rows before those held out, keep this quick and the latter unseen.
    TrainingData few =
        new TrainingData(
            all.masks(),
            Arrays.copyOf(all.outputs(), 4),
            all.layerOfColumn(),
            Arrays.copyOf(golden.activationScale, 4));
    TrainingData train = few.first(samples);
    int[] rows = IntStream.range(3000, 4500).toArray();
    TrainingData test = few.select(rows);
    double best = 0;
    for (AutoCandidates.Candidate candidate : AutoCandidates.ALL) {
      best = Math.max(best, lds(candidate.method().fit(train, CONTEXT), test));
    }
    assertThat(lds(estimator().fit(train, CONTEXT), test)).isGreaterThan(best - .02);
  }

  private static double lds(ComponentModels models, TrainingData test) {
    return Arrays.stream(Lds.spearman(models.predict(test.masks()), test.outputs()))
        .average()
        .orElseThrow();
  }

  @SuppressWarnings("unchecked")
  private static Map<String, Double> scores(ComponentModels models) {
    return (Map<String, Double>) Objects.requireNonNull(models.diagnostics().get("candidates"));
  }
}
