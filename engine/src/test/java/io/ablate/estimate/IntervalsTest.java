package io.ablate.estimate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.ablate.base.InterruptedRunException;
import io.ablate.base.Progress;
import io.ablate.base.UsageException;
import io.ablate.linalg.EjmlLinearAlgebra;
import io.ablate.mask.MaskMatrix;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class IntervalsTest {
  private static final FitContext CONTEXT =
      new FitContext(new EjmlLinearAlgebra(), 7, Progress.NONE, 2);
  private static final Estimator LEAST_SQUARES = new LeastSquaresEstimator();

  @Test
  void shouldCoverTheTruthAboutAsOftenAsTheySay() {
    int n = 12;
    int examples = 60;
    double[][] truth = new double[examples][];
    TrainingData data = linear(SyntheticData.masks(600, n, 1), truth, 1, 2);
    ComponentModels models = LEAST_SQUARES.fit(data, CONTEXT);
    Intervals intervals = Intervals.of(LEAST_SQUARES, models, data, 60, CONTEXT);
    double covered = 0;
    double variance = 0;
    double estimated = 0;
    for (int e = 0; e < examples; e++) {
      for (int i = 0; i < n; i++) {
        boolean inside =
            intervals.lower()[e][i] <= truth[e][i] && truth[e][i] <= intervals.upper()[e][i];
        covered += inside ? 1 : 0;
        variance += Math.pow(models.attributions()[e][i] - truth[e][i], 2);
        estimated += Math.pow(intervals.standardErrors()[e][i], 2);
      }
    }
    // 720 intervals, those of one example nearly independent: a standard deviation below .01.
    assertThat(covered / (examples * n)).isCloseTo(.95, within(.03));
    assertThat(Math.sqrt(estimated / variance)).isCloseTo(1, within(.12));
  }

  @Test
  void shouldAgreeWithTheTextbookForLeastSquares() {
    int n = 9;
    TrainingData data = linear(SyntheticData.masks(2000, n, 3), new double[1][], .5, 4);
    ComponentModels models = LEAST_SQUARES.fit(data, CONTEXT);
    double[] found = Intervals.of(LEAST_SQUARES, models, data, 200, CONTEXT).standardErrors()[0];
    double[][] predicted = models.predict(data.masks());
    double squares = 0;
    for (int row = 0; row < data.rows(); row++) {
      squares += Math.pow(predicted[0][row] - data.outputs()[0][row], 2);
    }
    double noise = squares / (data.rows() - n - 1);
    double[] gram = new CentredMasks(new EjmlLinearAlgebra(), data.masks()).gram();
    double[] inverse = new double[n * n];
    for (int i = 0; i < n; i++) {
      inverse[i * n + i] = 1;
    }
    assertThat(new EjmlLinearAlgebra().solvePositiveDefinite(gram, n, inverse, n)).isTrue();
    for (int i = 0; i < n; i++) {
      assertThat(found[i] / Math.sqrt(noise * inverse[i * n + i])).isCloseTo(1, within(.25));
    }
  }

  @Test
  void shouldRepeatThemselvesWhateverTheThreadsAndFollowTheSeed() {
    TrainingData data = SyntheticData.linear(SyntheticData.masks(40, 7, 1), 3, .3, 2);
    Estimator ridge = new RidgeEstimator();
    ComponentModels models = ridge.fit(data, CONTEXT);
    double[][] errors = Intervals.of(ridge, models, data, 12, CONTEXT).standardErrors();
    assertThat(Intervals.of(ridge, models, data, 12, context(7, 3, Progress.NONE)).standardErrors())
        .isDeepEqualTo(errors);
    assertThat(Intervals.of(ridge, models, data, 12, context(8, 3, Progress.NONE)).standardErrors())
        .isNotEqualTo(errors);
  }

  @Test
  void shouldGiveNoWidthToWhatIsCertain() {
    MaskMatrix masks = SyntheticData.masks(40, 7, 1);
    double[][] outputs = new double[1][40];
    Arrays.fill(outputs[0], 3);
    TrainingData data = new TrainingData(masks, outputs, new int[7]);
    ComponentModels models = LEAST_SQUARES.fit(data, CONTEXT);
    Intervals intervals = Intervals.of(LEAST_SQUARES, models, data, 10, CONTEXT);
    assertThat(intervals.standardErrors()[0]).containsOnly(0);
    assertThat(intervals.lower()).isDeepEqualTo(intervals.upper());
  }

  @Test
  void shouldFitAgainWhatAutoChose() {
    TrainingData data = SyntheticData.linear(SyntheticData.masks(30, 7, 1), 2, .3, 2);
    Estimator auto = new AutoEstimator();
    ComponentModels models = auto.fit(data, CONTEXT);
    Estimator chosen = AutoEstimator.chosen(models);
    assertThat(Intervals.of(auto, models, data, 10, CONTEXT).standardErrors())
        .isDeepEqualTo(Intervals.of(chosen, models, data, 10, CONTEXT).standardErrors());
  }

  @Test
  void shouldTellProgressAndStopWhenInterrupted() {
    TrainingData data = SyntheticData.linear(SyntheticData.masks(30, 7, 1), 2, .3, 2);
    ComponentModels models = LEAST_SQUARES.fit(data, CONTEXT);
    List<Long> done = new ArrayList<>();
    Progress interrupting =
        (stage, count, total) -> {
          assertThat(stage).isEqualTo("intervals");
          assertThat(total).isEqualTo(20);
          done.add(count);
          if (count == 5) {
            Thread.currentThread().interrupt();
          }
        };
    assertThatThrownBy(
            () -> Intervals.of(LEAST_SQUARES, models, data, 20, context(7, 1, interrupting)))
        .isInstanceOf(InterruptedRunException.class)
        .hasMessageContaining("fit interrupted");
    assertThat(Thread.interrupted()).isTrue();
    assertThat(done).containsExactly(0L, 1L, 2L, 3L, 4L, 5L);
  }

  @Test
  void shouldRefuseGradientsByName() {
    TrainingData data = MaskGradientData.layered(60, 8, 0, 2, 1).data();
    for (Estimator method :
        List.of(
            new MaskGradientEstimator(),
            new IntegratedGradientEstimator(),
            new GradientHierarchicalEstimator(),
            new AutoEstimator())) {
      assertThatThrownBy(() -> Intervals.require(method, data, 20))
          .isInstanceOf(UsageException.class)
          .hasMessageContaining("of gradient passes only sums are kept")
          .hasMessageContaining("method " + method.name())
          .hasMessageContaining("--gradients 0");
    }
    Intervals.require(new HierarchicalEstimator(), data, 20);
    Intervals.require(new AutoEstimator(), data.withGradients(null), 20);
  }

  @Test
  void shouldRefuseTooLittleToTellBy() {
    TrainingData data = SyntheticData.linear(SyntheticData.masks(9, 3, 1), 1, .3, 2);
    assertThatThrownBy(() -> Intervals.require(LEAST_SQUARES, data, 9))
        .isInstanceOf(UsageException.class)
        .hasMessage("too few refits for intervals; expected 10 or more, found 9");
    assertThatThrownBy(() -> Intervals.require(LEAST_SQUARES, data, 10))
        .isInstanceOf(UsageException.class)
        .hasMessage("too few samples for intervals; expected at least 10, found 9");
  }

  private static FitContext context(long seed, int threads, Progress progress) {
    return new FitContext(new EjmlLinearAlgebra(), seed, progress, threads);
  }

  /** Linear outputs with Gaussian noise; fills in the coefficients. */
  private static TrainingData linear(MaskMatrix masks, double[][] truth, double noise, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    int n = masks.columns();
    double[][] outputs = new double[truth.length][masks.rows()];
    for (int e = 0; e < truth.length; e++) {
      truth[e] = random.doubles(n, -1, 1).toArray();
      for (int row = 0; row < masks.rows(); row++) {
        outputs[e][row] = noise * random.nextGaussian();
        for (int i = 0; i < n; i++) {
          outputs[e][row] += masks.get(row, i) ? truth[e][i] : 0;
        }
      }
    }
    return new TrainingData(masks, outputs, new int[n]);
  }
}
