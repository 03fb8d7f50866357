package io.ablate.dataset;

import static io.ablate.dataset.StoreTesting.assertSameBytes;
import static io.ablate.dataset.StoreTesting.request;
import static io.ablate.dataset.StoreTesting.resumed;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.ablate.base.BadInputException;
import io.ablate.base.InterruptedRunException;
import io.ablate.base.Progress;
import io.ablate.base.UsageException;
import io.ablate.forward.BatchOrder;
import io.ablate.forward.TinyModel;
import io.ablate.mask.BernoulliMasks;
import io.ablate.mask.ComparisonMasks;
import io.ablate.mask.MaskDesign;
import io.ablate.mask.MaskDesigns;
import io.ablate.mask.MaskMatrix;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Stores that were collected in parts are joined to what one run writes. */
class DatasetMergeTest {
  @TempDir Path folder;

  @ParameterizedTest
  @CsvSource({"MASKS, 16", "EXAMPLES, 5"})
  void shouldMergeRangesIntoWhatOneRunWrites(BatchOrder order, int batch) throws IOException {
    Path whole = folder.resolve("whole");
    Collector.run(request(whole, 0, 101, order, batch), Progress.NONE);
    // Cuts that fall inside a batch.
    Path a = folder.resolve("a");
    Path b = folder.resolve("b");
    Path c = folder.resolve("c");
    Collector.run(request(a, 0, 37, order, batch), Progress.NONE);
    Collector.run(request(b, 37, 1, order, batch), Progress.NONE);
    Collector.run(request(c, 38, 63, order, batch), Progress.NONE);
    Path merged = folder.resolve("merged");
    assertThat(DatasetMerge.merge(List.of(c, a, b), merged).rows())
        .isEqualTo(new Manifest.Rows(0, 101));
    assertSameBytes(merged, whole);
  }

  @ParameterizedTest
  @ValueSource(strings = {"fixed-size", "block-balanced", "leave-one-out", "comparison"})
  void shouldMergeAndResumeEveryDesign(String name) throws IOException {
    MaskDesign masks = namedDesign(name);
    Path whole = folder.resolve("whole");
    Collector.run(ofDesign(whole, masks, 0, 53), Progress.NONE);
    try (ComponentDataset dataset = ComponentDataset.open(whole)) {
      assertThat(dataset.masks(dataset.completedRows())).isEqualTo(MaskMatrix.of(masks, 0, 53));
    }
    // Cuts inside rounds, and in both parts of a comparison.
    Collector.run(ofDesign(folder.resolve("a"), namedDesign(name), 0, 17), Progress.NONE);
    CollectRequest rest = ofDesign(folder.resolve("b"), namedDesign(name), 17, 36);
    assertThatThrownBy(
            () ->
                Collector.run(
                    rest,
                    (stage, done, total) -> {
                      if (done > 60) {
                        Thread.currentThread().interrupt();
                      }
                    }))
        .isInstanceOf(InterruptedRunException.class);
    Collector.run(resumed(rest), Progress.NONE);
    Path merged = folder.resolve("merged");
    DatasetMerge.merge(List.of(folder.resolve("b"), folder.resolve("a")), merged);
    assertSameBytes(merged, whole);
  }

  private static CollectRequest ofDesign(Path store, MaskDesign masks, int first, int rows) {
    return request(store, TinyModel.plain(), masks, first, rows, false, BatchOrder.MASKS, 8);
  }

  private static MaskDesign namedDesign(String name) {
    int n = TinyModel.COMPONENTS;
    return name.equals("comparison")
        ? new ComparisonMasks(
            MaskDesigns.named("block-balanced", 11, .8, n), 31, new BernoulliMasks(11, .8, n))
        : MaskDesigns.named(name, 11, .8, n);
  }

  @Test
  void shouldRefuseToMergeWhatDoesNotJoin() {
    Path a = folder.resolve("a");
    Path b = folder.resolve("b");
    Path c = folder.resolve("c");
    Path other = folder.resolve("other");
    Collector.run(request(a, 0, 10, BatchOrder.MASKS, 8), Progress.NONE);
    Collector.run(request(b, 9, 10, BatchOrder.MASKS, 8), Progress.NONE);
    Collector.run(request(c, 11, 10, BatchOrder.MASKS, 8), Progress.NONE);
    Collector.run(
        request(
            other,
            TinyModel.plain(),
            new BernoulliMasks(11, 0.7, TinyModel.COMPONENTS),
            10,
            10,
            false,
            BatchOrder.MASKS,
            8),
        Progress.NONE);
    Path out = folder.resolve("out");
    assertThatThrownBy(() -> DatasetMerge.merge(List.of(a, b), out))
        .isInstanceOf(BadInputException.class)
        .hasMessageContaining("overlap")
        .hasMessageContaining("rows from 10")
        .hasMessageContaining("found rows from 9");
    assertThatThrownBy(() -> DatasetMerge.merge(List.of(a, c), out))
        .isInstanceOf(BadInputException.class)
        .hasMessageContaining("rows are missing");
    assertThatThrownBy(() -> DatasetMerge.merge(List.of(a, other), out))
        .isInstanceOf(BadInputException.class)
        .hasMessageContaining("\"masks.keep\"")
        .hasMessageContaining("expected 0.8, found 0.7");
    assertThatThrownBy(() -> DatasetMerge.merge(List.of(a), out))
        .isInstanceOf(UsageException.class);
    assertThat(out).doesNotExist();
  }
}
