package io.ablate.estimate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.ablate.base.Progress;
import io.ablate.evaluate.Lds;
import io.ablate.instrument.OutputFunction;
import io.ablate.linalg.EjmlLinearAlgebra;
import io.ablate.mask.MaskMatrix;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.Objects;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class HierarchicalLogitsEstimatorTest extends EstimatorProperties {
  private static final int TRAINED = 80;

  @TempDir Path folder;

  @Override
  Estimator estimator() {
    return new HierarchicalLogitsEstimator();
  }

  @Override
  double tolerance() {
    return 1e-5; // the search for the hyper-parameters ends within a tolerance
  }

  @ParameterizedTest
  @EnumSource(
      value = OutputFunction.class,
      names = {"MARGIN", "MARGIN_LOGSUMEXP", "LOG_PROB", "LOSS"})
  void shouldGainOverTheOutputAloneWhereLogitsAreLinear(OutputFunction function) {
    TrainingData all = LogitSynthetic.data(function, 380, 24, 4, 5, 3);
    TrainingData data = all.first(TRAINED);
    ComponentModels models = estimator().fit(data, CONTEXT);
    double direct = lds(new HierarchicalEstimator().fit(data, CONTEXT), all);
    assertThat(lds(models, all)).isGreaterThan(direct + .01);
    assertThat(lds(models.linear(), all)).isBetween(direct - .02, lds(models, all));
  }

  @Test
  void shouldPredictTheMeanOfWhatItWasTrainedOn() {
    TrainingData data = LogitSynthetic.data(OutputFunction.MARGIN, 60, 24, 3, 5, 3);
    ComponentModels models = estimator().fit(data, CONTEXT);
    for (ComponentModels one : new ComponentModels[] {models, models.linear()}) {
      double[][] predicted = one.predict(data.masks());
      for (int e = 0; e < 3; e++) {
        assertThat(mean(predicted[e])).isCloseTo(mean(data.outputs()[e]), within(1e-9));
      }
    }
  }

  /** Twelve rows of one example hardly tell that ablating costs the label; those of all do. */
  @Test
  void shouldLearnFromAllExamplesWhatAblatingCostsTheLabelOnAverage() {
    int n = 90;
    int classes = 4;
    MaskMatrix masks = SyntheticData.masks(12, n, 3);
    SplittableRandom random = new SplittableRandom(4);
    float[][] logits = new float[10][masks.rows() * classes];
    double[][] outputs = new double[10][masks.rows()];
    int[] labels = new int[10];
    for (int e = 0; e < 10; e++) {
      labels[e] = e % classes;
      for (int i = 0; i < n; i++) {
        for (int c = 0; c < classes; c++) {
          double effect = random.nextGaussian() + (c == labels[e] ? 1 : 0);
          for (int row = 0; row < masks.rows(); row++) {
            logits[e][row * classes + c] += masks.get(row, i) ? (float) effect : 0;
          }
        }
      }
    }
    LogitData data = new LogitData(OutputFunction.MARGIN_LOGSUMEXP, labels, classes, logits);
    for (int e = 0; e < 10; e++) {
      for (int row = 0; row < masks.rows(); row++) {
        outputs[e][row] = data.function().of(data.row(e, row), labels[e]);
      }
    }
    ComponentModels models =
        estimator().fit(new TrainingData(masks, outputs, new int[n]).withLogits(data), CONTEXT);
    FitFiles.write(folder, models, Map.of());
    double[][][] found = FitFiles.readCube(folder.resolve(LogitPart.ATTRIBUTIONS), 10, n);
    double sum = 0;
    for (int e = 0; e < 10; e++) {
      sum += Arrays.stream(found[e][labels[e]]).sum();
    }
    // The label's logit less the mean of all: 1 − 1/4 of the mean effect.
    assertThat(sum / (10 * n)).isBetween(.4, 1.1);
  }

  @Test
  void shouldKnowTheDirectionOfTheLabel() {
    double[] direction = new LogitEntries(new int[] {0, 1, 2, 3, 4}, 3, false).labelDirection();
    assertThat(Arrays.stream(direction).sum()).isCloseTo(0, within(1e-15));
    assertThat(Arrays.stream(direction).map(v -> v * v).sum()).isCloseTo(1, within(1e-15));
    assertThat(direction[3]).isCloseTo(Math.sqrt(.8), within(1e-15));
    assertThat(direction[0]).isEqualTo(direction[4]);
  }

  @Test
  void shouldKeepTheLinearPartAloneWhereAsked() {
    TrainingData data = LogitSynthetic.data(OutputFunction.LOSS, 60, 24, 3, 5, 3);
    ComponentModels linear = HierarchicalLogitsEstimator.linear().fit(data, CONTEXT);
    assertThat(linear.method()).isEqualTo("hierarchical-logits-linear");
    assertThat(linear.nonlinear()).isNull();
    assertThat(linear.attributions())
        .isDeepEqualTo(estimator().fit(data, CONTEXT).linear().attributions());
  }

  @Test
  void shouldSayWhenItFallsBack() {
    TrainingData logit = LogitSynthetic.data(OutputFunction.LOGIT, 60, 24, 3, 5, 3);
    TrainingData margin = LogitSynthetic.data(OutputFunction.MARGIN, 60, 24, 3, 5, 3);
    for (TrainingData data : new TrainingData[] {logit, margin.withLogits(null)}) {
      ComponentModels models = estimator().fit(data, CONTEXT);
      assertThat(models.method()).isEqualTo("hierarchical-logits");
      assertThat(models.nonlinear()).isNull();
      assertThat(models.diagnostics())
          .containsEntry("fell_back_to", "hierarchical")
          .containsKey("because");
      assertThat(models.attributions())
          .isDeepEqualTo(new HierarchicalEstimator().fit(data, CONTEXT).attributions());
    }
  }

  @Test
  void shouldSurviveAnExampleWhoseOutputIsConstant() {
    TrainingData data = LogitSynthetic.data(OutputFunction.MARGIN, 60, 24, 3, 5, 3);
    Arrays.fill(data.outputs()[1], 2.5);
    ComponentModels models = estimator().fit(data, CONTEXT);
    assertThat(models.attributions()[1]).containsOnly(0);
    for (double y : models.predict(data.masks())[1]) {
      assertThat(y).isCloseTo(2.5, within(1e-9));
    }
  }

  @Test
  void shouldNotDependOnThreads() {
    TrainingData data = LogitSynthetic.data(OutputFunction.MARGIN, 60, 24, 5, 5, 3);
    double[][] one = estimator().fit(data, context(1)).predict(data.masks());
    assertThat(estimator().fit(data, context(3)).predict(data.masks())).isDeepEqualTo(one);
  }

  @Test
  void shouldReadItsModelsBack() {
    for (int classes : new int[] {5, 40}) {
      TrainingData data = LogitSynthetic.data(OutputFunction.MARGIN, 60, 24, 3, classes, 3);
      ComponentModels models = estimator().fit(data, CONTEXT);
      FitFiles.write(folder, models, Map.of());
      ComponentModels read = FitFiles.read(folder).models();
      assertThat(read.nonlinear()).isNotNull();
      double[][] expected = models.predict(data.masks());
      double[][] found = read.predict(data.masks());
      for (int e = 0; e < 3; e++) {
        assertThat(found[e]).containsExactly(expected[e], within(1e-4));
      }
    }
    FitFiles.write(folder, new RidgeEstimator().fit(plain(), CONTEXT), Map.of());
    assertThat(FitFiles.read(folder).models().nonlinear()).isNull();
    assertThat(folder.resolve("logit_attributions.npy")).doesNotExist();
  }

  @ParameterizedTest
  @EnumSource(
      value = OutputFunction.class,
      names = {"MARGIN", "MARGIN_LOGSUMEXP", "LOG_PROB", "LOSS"})
  void shouldLoseNothingByJoiningManyClasses(OutputFunction function) {
    TrainingData data = LogitSynthetic.data(function, 30, 11, 3, 101, 5);
    LogitData logits = Objects.requireNonNull(data.logits());
    for (int e = 0; e < 3; e++) {
      LogitEntries entries = LogitEntries.of(logits, e);
      assertThat(entries.count()).isEqualTo(LogitEntries.MOST);
      assertThat(entries.classes()[entries.label()]).isEqualTo(logits.labels()[e]);
      for (int row = 0; row < 30; row++) {
        double[] z = entries.of(logits.row(e, row), function);
        assertThat(Arrays.stream(z).sum()).isCloseTo(0, within(1e-9));
        assertThat(function.of(z, entries.label())).isCloseTo(data.outputs()[e][row], within(1e-9));
      }
    }
  }

  private static FitContext context(int threads) {
    return new FitContext(new EjmlLinearAlgebra(), 7, Progress.NONE, threads);
  }

  private static TrainingData plain() {
    return SyntheticData.linear(SyntheticData.masks(31, 24, 1), 3, .1, 2);
  }

  private static double lds(ComponentModels models, TrainingData all) {
    MaskMatrix masks = all.masks().rows(TRAINED, all.rows());
    double[][] truth =
        Arrays.stream(all.outputs())
            .map(y -> Arrays.copyOfRange(y, TRAINED, y.length))
            .toArray(double[][]::new);
    return mean(Lds.spearman(models.predict(masks), truth));
  }

  private static double mean(double[] values) {
    return Arrays.stream(values).average().orElseThrow();
  }
}
