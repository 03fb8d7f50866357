package io.ablate.dataset;

import static io.ablate.dataset.StoreTesting.EXAMPLES;
import static io.ablate.dataset.StoreTesting.assertSameBytes;
import static io.ablate.dataset.StoreTesting.request;
import static io.ablate.dataset.StoreTesting.resumed;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.ablate.base.InterruptedRunException;
import io.ablate.base.Progress;
import io.ablate.base.UsageException;
import io.ablate.estimate.AutoEstimator;
import io.ablate.estimate.Estimator;
import io.ablate.estimate.FitContext;
import io.ablate.estimate.MaskGradientEstimator;
import io.ablate.estimate.RidgeEstimator;
import io.ablate.estimate.TrainingData;
import io.ablate.evaluate.Lds;
import io.ablate.evaluate.UntilLds;
import io.ablate.forward.BatchOrder;
import io.ablate.linalg.EjmlLinearAlgebra;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Objects;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Collections that end when their rows predict each other well enough. */
class CollectUntilTest {
  private static final int MOST = 700;

  @TempDir Path folder;

  @ParameterizedTest
  @EnumSource(BatchOrder.class)
  void shouldStopAtTheFirstLookThatReachesTheTargetAndKeepTheRowsOfAnOrdinaryRun(BatchOrder order) {
    Path store = folder.resolve("store");
    UntilLds rule = until(.7, new RidgeEstimator(), Progress.NONE);
    Collector.Result result = Collector.run(request(store, 0, MOST, order, 8), rule, Progress.NONE);
    UntilLds.Outcome end = Objects.requireNonNull(rule.outcome());
    assertThat(end.reached()).isTrue();
    assertThat(end.rows()).isLessThan(MOST);
    assertThat(result.passes()).isEqualTo((long) end.rows() * EXAMPLES);
    assertThat(end.last().ldsCi()[0]).isGreaterThanOrEqualTo(.7);
    assertThat(end.looks().stream().limit(end.looks().size() - 1L))
        .allMatch(look -> look.ldsCi()[0] < .7);
    Path whole = folder.resolve("whole");
    Collector.run(request(whole, 0, MOST, order, 8), Progress.NONE);
    int[] rows = IntStream.range(0, end.rows()).toArray();
    try (ComponentDataset found = ComponentDataset.open(store);
        ComponentDataset expected = ComponentDataset.open(whole)) {
      assertThat(found.completedRows()).isEqualTo(rows);
      assertThat(found.outputs(rows)).isDeepEqualTo(expected.outputs(rows));
      assertThat(found.masks(rows)).isEqualTo(expected.masks(rows));
    }
  }

  @Test
  void shouldEndWithTheSameBytesAfterInterruptionsInPassesAndInFits() throws Exception {
    Path undisturbed = folder.resolve("undisturbed");
    UntilLds whole = until(.7, new AutoEstimator(), Progress.NONE);
    Collector.run(request(undisturbed, 0, MOST, BatchOrder.MASKS, 8), whole, Progress.NONE);
    int rows = Objects.requireNonNull(whole.outcome()).rows();
    assertThat(rows).isBetween(65, MOST - 1);
    Path store = folder.resolve("store");
    CollectRequest request = resumed(request(store, 0, MOST, BatchOrder.MASKS, 8));
    assertThatThrownBy(
            () ->
                Collector.run(
                    request,
                    until(.7, new AutoEstimator(), Progress.NONE),
                    (stage, done, total) -> interruptAt(done > 30 * EXAMPLES)))
        .isInstanceOf(InterruptedRunException.class);
    assertThatThrownBy(
            () ->
                Collector.run(
                    request,
                    until(.7, new AutoEstimator(), (stage, done, total) -> interruptAt(true)),
                    Progress.NONE))
        .isInstanceOf(InterruptedRunException.class)
        .hasMessageContaining("64 of 700 rows are complete and kept");
    UntilLds last = until(.7, new AutoEstimator(), Progress.NONE);
    Collector.run(request, last, Progress.NONE);
    assertThat(last.outcome()).usingRecursiveComparison().isEqualTo(whole.outcome());
    assertSameBytes(store, undisturbed);
    // Once more: all is there, and the same end is found.
    UntilLds again = until(.7, new AutoEstimator(), Progress.NONE);
    assertThat(Collector.run(request, again, Progress.NONE).passes()).isZero();
    assertThat(again.outcome()).usingRecursiveComparison().isEqualTo(whole.outcome());
    // Without a target the rest is collected.
    assertThat(Collector.run(request, Progress.NONE).passes())
        .isEqualTo((long) (MOST - rows) * EXAMPLES);
  }

  @Test
  void shouldUseAllRowsWhereTheTargetIsNeverReached() {
    Path store = folder.resolve("store");
    UntilLds rule = until(.999, new RidgeEstimator(), Progress.NONE);
    CollectRequest request = request(store, 0, 100, BatchOrder.MASKS, 8);
    assertThat(Collector.run(request, rule, Progress.NONE).passes()).isEqualTo(100 * EXAMPLES);
    UntilLds.Outcome end = Objects.requireNonNull(rule.outcome());
    assertThat(end.reached()).isFalse();
    assertThat(end.looks().stream().map(UntilLds.Look::rows)).containsExactly(64, 91, 100);
  }

  @Test
  void shouldEstimateTheScoreOnRowsThatNoOneHasSeen() {
    Path store = folder.resolve("store");
    Estimator ridge = new RidgeEstimator();
    UntilLds rule = until(.999, ridge, Progress.NONE);
    Collector.run(request(store, 0, 128, BatchOrder.MASKS, 8), rule, Progress.NONE);
    Path fresh = folder.resolve("fresh");
    Collector.run(request(fresh, 128, 1000, BatchOrder.MASKS, 8), Progress.NONE);
    try (ComponentDataset fitted = ComponentDataset.open(store);
        ComponentDataset other = ComponentDataset.open(fresh)) {
      FitContext context = new FitContext(new EjmlLinearAlgebra(), 5, Progress.NONE, 1);
      double[][] predicted =
          ridge
              .fit(TrainingData.of(fitted, fitted.completedRows()), context)
              .predict(other.masks(other.completedRows()));
      double truth =
          Arrays.stream(Lds.spearman(predicted, other.outputs(other.completedRows())))
              .average()
              .orElseThrow();
      UntilLds.Look last = Objects.requireNonNull(rule.outcome()).last();
      assertThat(truth).isBetween(last.ldsCi()[0], last.ldsCi()[1] + .05);
    }
  }

  @Test
  void shouldLookInRatiosOfAtMostTheRootOfTwo() {
    int[] looks = until(.5, new RidgeEstimator(), Progress.NONE).looks(1000);
    assertThat(looks).containsExactly(64, 91, 128, 181, 256, 362, 512, 724, 1000);
    assertThat(until(.5, new RidgeEstimator(), Progress.NONE).looks(64)).containsExactly(64);
    assertThat(until(.5, new RidgeEstimator(), Progress.NONE).looks(30)).containsExactly(30);
  }

  @Test
  void shouldRefuseWhatCannotBeDecided() {
    assertThatThrownBy(() -> until(1.2, new RidgeEstimator(), Progress.NONE))
        .isInstanceOf(UsageException.class)
        .hasMessageContaining("between 0 and 1");
    assertThatThrownBy(() -> until(.5, new MaskGradientEstimator(), Progress.NONE))
        .isInstanceOf(UsageException.class)
        .hasMessageContaining("mask-gradient needs gradient passes");
    assertThatThrownBy(() -> until(.5, new RidgeEstimator(), Progress.NONE).looks(19))
        .isInstanceOf(UsageException.class)
        .hasMessage("too few masks to score by; expected room for 20 or more, found 19");
  }

  private static UntilLds until(double target, Estimator method, Progress progress) {
    return new UntilLds(target, method, new FitContext(new EjmlLinearAlgebra(), 5, progress, 1));
  }

  private static void interruptAt(boolean now) {
    if (now) {
      Thread.currentThread().interrupt();
    }
  }
}
