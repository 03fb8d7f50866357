package io.ablate.estimate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.ablate.base.Progress;
import io.ablate.evaluate.Lds;
import io.ablate.instrument.OutputFunction;
import io.ablate.linalg.EjmlLinearAlgebra;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.assertj.core.api.Condition;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What it owes as a method on gradients: {@link GradientEstimatorsTest}. */
class GradientHierarchicalLogitsEstimatorTest {
  private static final FitContext CONTEXT = EstimatorProperties.CONTEXT;
  private static final int TRAINED = 60;
  private static final int PASSES = 6;

  private final Estimator estimator = new GradientHierarchicalLogitsEstimator();

  @TempDir Path folder;

  @ParameterizedTest
  @EnumSource(
      value = OutputFunction.class,
      names = {"MARGIN", "MARGIN_LOGSUMEXP", "LOG_PROB", "LOSS"})
  void shouldGainOverGradientsAndOverLogits(OutputFunction function) {
    TrainingData all = data(function, 360);
    TrainingData data = all.first(TRAINED);
    double found = lds(estimator.fit(data, CONTEXT), all);
    assertThat(found)
        .isGreaterThan(lds(new GradientHierarchicalEstimator().fit(data, CONTEXT), all) + .01)
        .isGreaterThan(lds(new HierarchicalLogitsEstimator().fit(data, CONTEXT), all));
  }

  /** With two classes the margin is the difference of its logits: all is linear. */
  @Test
  void shouldMoveTheLogitsHalfOfTheWayAndTakeTheMean() {
    TrainingData data = LogitSynthetic.data(OutputFunction.MARGIN, 40, PASSES, 24, 3, 2, 3);
    double[][] gradients = new GradientHierarchicalEstimator().fit(data, CONTEXT).attributions();
    double[][] direct = new HierarchicalEstimator().fit(data, CONTEXT).attributions();
    double[][] both = new HierarchicalLogitsEstimator().fit(data, CONTEXT).attributions();
    double[][] found = estimator.fit(data, CONTEXT).attributions();
    for (int e = 0; e < 3; e++) {
      for (int i = 0; i < 24; i++) {
        double ofLogits = 2 * both[e][i] - direct[e][i];
        double expected = .5 * gradients[e][i] + .5 * (.5 * ofLogits + .5 * gradients[e][i]);
        assertThat(found[e][i]).isCloseTo(expected, within(1e-9));
      }
    }
  }

  /** In whatever order, and each as if it were the first. */
  @Test
  void shouldShareWhatItIsMadeOfAndChangeNothingByIt() {
    TrainingData data = data(OutputFunction.MARGIN, TRAINED);
    List<Estimator> methods =
        List.of(
            new HierarchicalEstimator(),
            new HierarchicalLogitsEstimator(),
            new GradientHierarchicalEstimator(),
            estimator);
    FitContext together = new FitContext(new EjmlLinearAlgebra(), 7, Progress.NONE);
    for (Estimator method : methods) {
      FitContext alone = new FitContext(new EjmlLinearAlgebra(), 7, Progress.NONE);
      assertThat(method.fit(data, together).attributions())
          .isDeepEqualTo(method.fit(data, alone).attributions());
    }
    assertThat(together.shared().secondsSaved()).isPositive();
    TrainingData other = data.first(TRAINED - 1);
    for (Estimator method : methods) {
      FitContext alone = new FitContext(new EjmlLinearAlgebra(), 7, Progress.NONE);
      assertThat(method.fit(other, together).attributions())
          .isDeepEqualTo(method.fit(other, alone).attributions());
    }
  }

  @Test
  void shouldPredictTheMeanOfTheRows() {
    TrainingData data = data(OutputFunction.LOSS, TRAINED);
    double[][] predicted = estimator.fit(data, CONTEXT).predict(data.masks());
    for (int e = 0; e < predicted.length; e++) {
      assertThat(mean(predicted[e])).isCloseTo(mean(data.outputs()[e]), within(1e-9));
    }
  }

  @Test
  void shouldSayWhenItFallsBack() {
    TrainingData margin = data(OutputFunction.MARGIN, TRAINED);
    TrainingData[] unfit = {
      margin.withLogits(null), data(OutputFunction.LOGIT, TRAINED), margin.first(15)
    };
    String[] why = {"no logits", "is a logit already", "fewer than 16 rows"};
    for (int i = 0; i < unfit.length; i++) {
      ComponentModels models = estimator.fit(unfit[i], CONTEXT);
      assertThat(models.method()).isEqualTo("gradient-hierarchical-logits");
      assertThat(models.nonlinear()).isNull();
      assertThat(models.diagnostics())
          .containsEntry("fell_back_to", "gradient-hierarchical")
          .hasEntrySatisfying("because", because(why[i]));
      ComponentModels gradients = new GradientHierarchicalEstimator().fit(unfit[i], CONTEXT);
      assertThat(models.attributions()).isDeepEqualTo(gradients.attributions());
      assertThat(models.standardErrors()).isDeepEqualTo(gradients.standardErrors());
    }
  }

  @Test
  void shouldBeWhatAutoTakesWhereThereAreGradientsAndLogits() {
    TrainingData data = data(OutputFunction.MARGIN, TRAINED);
    ComponentModels models = new AutoEstimator().fit(data, CONTEXT);
    assertThat(models.diagnostics())
        .containsEntry("chosen", GradientHierarchicalLogitsEstimator.NAME);
    assertThat(models.predict(data.masks()))
        .isDeepEqualTo(estimator.fit(data, CONTEXT).predict(data.masks()));
  }

  @Test
  void shouldNotDependOnThreads() {
    TrainingData data = data(OutputFunction.MARGIN, TRAINED);
    double[][] one = estimator.fit(data, context(1)).predict(data.masks());
    assertThat(estimator.fit(data, context(3)).predict(data.masks())).isDeepEqualTo(one);
  }

  @Test
  void shouldReadItsModelsBack() {
    TrainingData data = data(OutputFunction.MARGIN, TRAINED);
    ComponentModels models = estimator.fit(data, CONTEXT);
    FitFiles.write(folder, models, Map.of());
    double[][] found = FitFiles.read(folder).models().predict(data.masks());
    double[][] expected = models.predict(data.masks());
    for (int e = 0; e < expected.length; e++) {
      assertThat(found[e]).containsExactly(expected[e], within(1e-4));
    }
  }

  private static TrainingData data(OutputFunction function, int rows) {
    return LogitSynthetic.data(function, rows, PASSES, 24, 4, 5, 3);
  }

  private static Condition<Object> because(String part) {
    return new Condition<>(value -> value.toString().contains(part), "contains \"%s\"", part);
  }

  private static FitContext context(int threads) {
    return new FitContext(new EjmlLinearAlgebra(), 7, Progress.NONE, threads);
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
