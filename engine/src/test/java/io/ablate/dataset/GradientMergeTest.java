package io.ablate.dataset;

import static io.ablate.dataset.GradientTesting.request;
import static io.ablate.dataset.GradientTesting.resumed;
import static io.ablate.dataset.StoreTesting.assertSameBytes;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.ablate.base.BadInputException;
import io.ablate.base.InterruptedRunException;
import io.ablate.base.Progress;
import io.ablate.forward.BatchOrder;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class GradientMergeTest {
  @TempDir Path folder;

  @Test
  void shouldJoinRowsAndGradientPassesOfDifferentStores() throws IOException {
    Path whole = collect("whole", 20, 0, 10, .3);
    Path gradients = collect("gradients", 0, 0, 10, .3);
    Path head = folder.resolve("head");
    Path tail = folder.resolve("tail");
    Collector.run(StoreTesting.request(head, 0, 7, BatchOrder.MASKS, 8), Progress.NONE);
    Collector.run(StoreTesting.request(tail, 7, 13, BatchOrder.MASKS, 8), Progress.NONE);
    Path merged = folder.resolve("merged");
    Manifest manifest = DatasetMerge.merge(List.of(tail, gradients, head), merged);
    assertThat(manifest.rows()).isEqualTo(new Manifest.Rows(0, 20));
    assertSameBytes(merged, whole);
  }

  @Test
  void shouldResumeAMergedStoreWhoseGradientPassesAreNotComplete() throws IOException {
    Path whole = collect("whole", 20, 0, 10, .3);
    Path gradients = folder.resolve("gradients");
    AnalyticGradients interrupting =
        new AnalyticGradients(
            run -> {
              if (run == 5) {
                Thread.currentThread().interrupt();
              }
            },
            Float.NaN);
    assertThatThrownBy(
            () -> Collector.run(request(gradients, 0, 0, 10, .3, 8, interrupting), Progress.NONE))
        .isInstanceOf(InterruptedRunException.class);
    Path rows = folder.resolve("rows");
    Collector.run(StoreTesting.request(rows, 0, 20, BatchOrder.MASKS, 8), Progress.NONE);
    Path merged = folder.resolve("merged");
    DatasetMerge.merge(List.of(gradients, rows), merged);
    Collector.Result result = Collector.run(resumed(request(merged, 20, 10, .3, 8)), Progress.NONE);
    assertThat(result.passes()).isZero();
    assertThat(result.gradientPasses()).isBetween(1L, 49L);
    assertSameBytes(merged, whole);
  }

  @ParameterizedTest
  @ValueSource(doubles = {0, .3})
  void shouldJoinRangesOfGradientPassesWhereSegmentsEnd(double soft) throws IOException {
    Path whole = collect("whole", 0, 0, 29, soft);
    Path a = collect("a", 0, 0, 6, soft);
    Path b = collect("b", 0, 6, 6, soft);
    Path c = collect("c", 0, 12, 17, soft);
    Path merged = folder.resolve("merged");
    Manifest manifest = DatasetMerge.merge(List.of(c, a, b), merged);
    assertThat(manifest.gradients()).isNotNull();
    assertSameBytes(merged, whole);
  }

  @Test
  void shouldRefuseRangesThatDoNotJoin() {
    Path a = collect("a", 0, 0, 5, .3);
    Path b = collect("b", 0, 5, 3, .3);
    Path early = collect("early", 0, 4, 4, .3);
    Path late = collect("late", 0, 6, 4, .3);
    Path other = collect("other", 0, 5, 3, .2);
    refuse(a, b, "join within a segment", "found 5", "1, 2, 3, 4, 6, 8");
    refuse(a, early, "gradient passes overlap", "passes from 5");
    refuse(a, late, "gradient passes are missing", "found passes from 6");
    refuse(a, other, "\"gradients.masks.soft\"", "expected 0.3, found 0.2");
  }

  @Test
  void shouldRefuseToJoinRangesThatAreNotComplete() {
    Path a = collect("a", 0, 0, 4, 0);
    Path b = folder.resolve("b");
    AnalyticGradients failing =
        new AnalyticGradients(
            run -> {
              if (run == 3) {
                throw new IllegalStateException("no more");
              }
            },
            Float.NaN);
    assertThatThrownBy(() -> Collector.run(request(b, 0, 4, 9, 0, 8, failing), Progress.NONE))
        .isInstanceOf(IllegalStateException.class);
    refuse(a, b, "gradient passes are not complete", "--resume");
  }

  private void refuse(Path a, Path b, String... expected) {
    Path out = folder.resolve("out");
    assertThatThrownBy(() -> DatasetMerge.merge(List.of(a, b), out))
        .isInstanceOf(BadInputException.class)
        .hasMessageContainingAll(expected);
    assertThat(out).doesNotExist();
  }

  private Path collect(String name, int rows, int first, int passes, double soft) {
    Path store = folder.resolve(name);
    Collector.run(
        request(store, rows, first, passes, soft, 8, new AnalyticGradients()), Progress.NONE);
    return store;
  }
}
