package io.ablate.dataset;

import static io.ablate.dataset.StoreTesting.EXAMPLES;
import static io.ablate.dataset.StoreTesting.assertSameBytes;
import static io.ablate.dataset.StoreTesting.design;
import static io.ablate.dataset.StoreTesting.request;
import static io.ablate.dataset.StoreTesting.resumed;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.ablate.base.BadInputException;
import io.ablate.base.InterruptedRunException;
import io.ablate.base.NpyFile;
import io.ablate.base.Progress;
import io.ablate.base.UsageException;
import io.ablate.example.Example;
import io.ablate.forward.BatchOrder;
import io.ablate.forward.TinyModel;
import io.ablate.mask.LeaveOneOutMasks;
import io.ablate.mask.MaskMatrix;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CollectorTest {
  @TempDir Path folder;

  @ParameterizedTest
  @CsvSource({"MASKS, 8", "MASKS, 1", "MASKS, 64", "EXAMPLES, 3", "EXAMPLES, 8", "EXAMPLES, 5"})
  void shouldStoreWhatPlainJavaComputes(BatchOrder order, int batch) {
    Path store = folder.resolve("store");
    AtomicLong counted = new AtomicLong();
    CollectRequest request =
        request(store, TinyModel.withLogitsAndScale(), design(), 3, 29, false, order, batch);
    CollectPlan plan = Planner.plan(request);
    Collector.Result result =
        Collector.run(
            request,
            (stage, done, total) -> {
              if (stage.equals("passes")) {
                assertThat(total).isEqualTo(29 * EXAMPLES);
                counted.set(done);
              }
            });
    assertThat(result.passes()).isEqualTo(29 * EXAMPLES).isEqualTo(counted.get());
    assertThat(plan.passes()).isEqualTo(result.passes());
    assertThat(plan.scalePasses()).isEqualTo(result.scalePasses()).isEqualTo(EXAMPLES);
    assertThat(result.manifest().batch()).isEqualTo(new Manifest.Batch(order.label(), batch));
    MaskMatrix expected = MaskMatrix.of(design(), 3, 29);
    try (ComponentDataset dataset = ComponentDataset.open(store)) {
      int[] rows = dataset.completedRows();
      assertThat(rows).hasSize(29);
      assertThat(dataset.masks(rows)).isEqualTo(expected);
      assertThat(dataset.labels()).containsExactly(0, 1, 2, 0, 1);
      assertThat(dataset.components()).isEqualTo(request.model().components());
      assertThat(dataset.activationScale()).hasDimensions(EXAMPLES, TinyModel.COMPONENTS);
      Manifest stored = Objects.requireNonNull(dataset.manifest());
      assertThat(Manifest.difference(stored, result.manifest())).isNull();
      double[][] outputs = dataset.outputs(rows);
      double[] logits = NpyFile.readDoubles(store.resolve("logits.npy"));
      var examples = TinyModel.firstExamples(EXAMPLES);
      for (int e = 0; e < EXAMPLES; e++) {
        for (int i = 0; i < 29; i++) {
          assertThat(outputs[e][i])
              .isCloseTo(
                  TinyModel.output(expected, i, examples.get(e), e % TinyModel.CLASSES),
                  within(1e-5));
          assertThat(logits[(i * EXAMPLES + e) * TinyModel.CLASSES + 2])
              .isCloseTo(TinyModel.logits(expected, i, examples.get(e))[2], within(1e-5));
        }
      }
    }
  }

  @Test
  void shouldGiveTheSameFirstRowsWhateverTheirNumber() throws IOException {
    Path few = folder.resolve("few");
    Path many = folder.resolve("many");
    Collector.run(request(few, 0, 100, BatchOrder.MASKS, 0), Progress.NONE);
    Collector.run(request(many, 0, 1500, BatchOrder.MASKS, 0), Progress.NONE);
    try (ComponentDataset a = ComponentDataset.open(few);
        ComponentDataset b = ComponentDataset.open(many)) {
      int[] rows = IntStream.range(0, 100).toArray();
      assertThat(b.masks(rows)).isEqualTo(a.masks(rows));
      assertThat(b.outputs(rows)).isDeepEqualTo(a.outputs(rows));
    }
  }

  @Test
  void shouldRefuseAnExistingStoreAndNameTheFieldOnResuming() throws IOException {
    Path store = folder.resolve("store");
    CollectRequest request = request(store, 0, 10, BatchOrder.MASKS, 8);
    Collector.run(resumed(request), Progress.NONE);
    byte[] outputs = Files.readAllBytes(store.resolve("outputs.npy"));
    assertThatThrownBy(() -> Collector.run(request, Progress.NONE))
        .isInstanceOf(BadInputException.class)
        .hasMessageContaining("the store exists already")
        .hasMessageContaining("--resume");
    assertThatThrownBy(
            () -> Collector.run(resumed(request(store, 0, 11, BatchOrder.MASKS, 8)), Progress.NONE))
        .isInstanceOf(BadInputException.class)
        .hasMessageContaining("\"rows.count\"")
        .hasMessageContaining("expected 10, found 11");
    // A complete store is left as it is, and another batch shape changes nothing.
    assertThat(
            Collector.run(resumed(request(store, 0, 10, BatchOrder.MASKS, 16)), Progress.NONE)
                .passes())
        .isZero();
    assertThat(store.resolve("outputs.npy")).hasBinaryContent(outputs);
  }

  @Test
  void shouldNotTouchArraysWithoutManifest() throws IOException {
    Path store = Files.createDirectory(folder.resolve("store"));
    Files.writeString(store.resolve("masks.npy"), "someone's");
    assertThatThrownBy(
            () -> Collector.run(resumed(request(store, 0, 10, BatchOrder.MASKS, 8)), Progress.NONE))
        .isInstanceOf(BadInputException.class)
        .hasMessageContaining("exists already");
    assertThat(store.resolve("masks.npy")).hasContent("someone's");
  }

  @Test
  void shouldRefuseADamagedStoreWithSizes() throws IOException {
    Path store = folder.resolve("store");
    CollectRequest request = request(store, 0, 10, BatchOrder.MASKS, 8);
    Collector.run(request, Progress.NONE);
    try (RandomAccessFile raw = new RandomAccessFile(store.resolve("outputs.npy").toFile(), "rw")) {
      raw.setLength(raw.length() - 4);
    }
    assertThatThrownBy(() -> Collector.run(resumed(request), Progress.NONE))
        .isInstanceOf(BadInputException.class)
        .hasMessageContaining("outputs.npy")
        .hasMessageContaining("328 bytes")
        .hasMessageContaining("324 bytes (truncated)");
  }

  @Test
  void shouldKeepCompletedRowsWhenInterruptedAndResume() throws IOException {
    Path whole = folder.resolve("whole");
    Collector.run(request(whole, 0, 60, BatchOrder.MASKS, 8), Progress.NONE);
    Path store = folder.resolve("store");
    CollectRequest request = request(store, 0, 60, BatchOrder.MASKS, 8);
    assertThatThrownBy(
            () ->
                Collector.run(
                    request,
                    (stage, done, total) -> {
                      if (done > 130) {
                        Thread.currentThread().interrupt();
                      }
                    }))
        .isInstanceOf(InterruptedRunException.class)
        .hasMessageContaining("24 of 60 rows are complete and kept")
        .hasMessageContaining("--resume");
    assertThat(Thread.currentThread().isInterrupted()).isFalse();
    assertThat(Planner.plan(resumed(request)).passes()).isEqualTo(36 * EXAMPLES);
    assertThat(Collector.run(resumed(request), Progress.NONE).passes()).isEqualTo(36 * EXAMPLES);
    assertSameBytes(store, whole);
  }

  @Test
  void shouldNameRowAndExampleOfAnOutputThatIsNotFinite() {
    MaskMatrix masks = MaskMatrix.of(design(), 0, 100);
    int bad = IntStream.range(0, 100).filter(r -> !masks.get(r, 0)).findFirst().orElseThrow();
    Path store = folder.resolve("store");
    assertThatThrownBy(
            () ->
                Collector.run(
                    request(
                        store,
                        TinyModel.infiniteWithoutComponentZero(),
                        design(),
                        0,
                        100,
                        false,
                        BatchOrder.EXAMPLES,
                        5),
                    Progress.NONE))
        .isInstanceOf(BadInputException.class)
        .hasMessageContaining("not a finite number")
        .hasMessageContaining("row " + bad + ", example ");
    try (ComponentDataset dataset = ComponentDataset.open(store)) {
      assertThat(dataset.completedRows()).hasSize(bad);
    }
  }

  @Test
  void shouldRefuseRowsThatTheDesignHasNot() {
    assertThatThrownBy(
            () ->
                Collector.run(
                    request(
                        folder.resolve("store"),
                        TinyModel.plain(),
                        new LeaveOneOutMasks(TinyModel.COMPONENTS),
                        60,
                        9,
                        false,
                        null,
                        0),
                    Progress.NONE))
        .isInstanceOf(UsageException.class)
        .hasMessageContaining("rows 0 to 67")
        .hasMessageContaining("rows 60 to 68");
    assertThat(folder.resolve("store")).doesNotExist();
  }

  @Test
  void shouldKeepMasksThatLeaveOneOutTogether() {
    Path store = folder.resolve("store");
    LeaveOneOutMasks design = new LeaveOneOutMasks(TinyModel.COMPONENTS);
    int rows = TinyModel.COMPONENTS;
    Collector.run(
        request(store, TinyModel.plain(), design, 0, rows, false, null, 0), Progress.NONE);
    assertThat(Manifest.read(store.resolve("manifest.json")).batch().order()).isEqualTo("masks");
    Path asked = folder.resolve("asked");
    Collector.run(
        request(asked, TinyModel.plain(), design, 0, rows, false, BatchOrder.EXAMPLES, 0),
        Progress.NONE);
    assertThat(Manifest.read(asked.resolve("manifest.json")).batch().order()).isEqualTo("examples");
  }

  /** Batches of one example follow each other there; rows before an interruption are whole. */
  @Test
  void shouldStoreWhatPlainJavaComputesWhereMasksLeaveOneOut() throws IOException {
    Path store = folder.resolve("store");
    LeaveOneOutMasks design = new LeaveOneOutMasks(TinyModel.COMPONENTS);
    int rows = TinyModel.COMPONENTS;
    CollectRequest request =
        request(store, TinyModel.withLogitsAndScale(), design, 0, rows, false, BatchOrder.MASKS, 4);
    assertThatThrownBy(
            () ->
                Collector.run(
                    request,
                    (stage, done, total) -> {
                      if (done > 20 * EXAMPLES) {
                        Thread.currentThread().interrupt();
                      }
                    }))
        .isInstanceOf(InterruptedRunException.class)
        .hasMessageContaining("16 of " + rows + " rows are complete and kept");
    assertThat(Collector.run(resumed(request), Progress.NONE).passes())
        .isEqualTo((rows - 16L) * EXAMPLES);
    MaskMatrix masks = MaskMatrix.of(design, 0, rows);
    List<Example> examples = TinyModel.firstExamples(EXAMPLES);
    try (ComponentDataset dataset = ComponentDataset.open(store)) {
      assertThat(dataset.masks(dataset.completedRows())).isEqualTo(masks);
      double[][] outputs = dataset.outputs(dataset.completedRows());
      for (int e = 0; e < EXAMPLES; e++) {
        for (int row = 0; row < rows; row++) {
          assertThat(outputs[e][row])
              .isCloseTo(
                  TinyModel.output(masks, row, examples.get(e), examples.get(e).label()),
                  within(1e-5));
        }
      }
    }
  }

  @Test
  void shouldRefuseASecondWriter() throws IOException {
    Path store = folder.resolve("store");
    CollectRequest request = request(store, 0, 10, BatchOrder.MASKS, 8);
    Collector.run(request, Progress.NONE);
    Manifest manifest = Manifest.read(store.resolve("manifest.json"));
    try (StoreWriter first = StoreWriter.resume(store, manifest, request.model().components(), 0)) {
      assertThat(first.completedCount()).isEqualTo(10);
      assertThatThrownBy(() -> StoreWriter.resume(store, manifest, request.model().components(), 0))
          .isInstanceOf(BadInputException.class)
          .hasMessageContaining("the store is in use");
    }
    assertThat(store.resolve(".lock")).doesNotExist();
  }

  @Test
  void shouldRefuseASecondWriterBeforeThereIsAFile() {
    Path store = folder.resolve("store");
    CollectRequest request = request(store, 0, 10, BatchOrder.MASKS, 8);
    try (StoreLock first = StoreLock.of(store)) {
      assertThat(first).isNotNull();
      assertThatThrownBy(() -> Collector.run(request, Progress.NONE))
          .isInstanceOf(BadInputException.class)
          .hasMessageContaining("the store is in use");
      assertThat(store.resolve("manifest.json")).doesNotExist();
    }
    Collector.run(request, Progress.NONE);
    assertThat(store.resolve(".lock")).doesNotExist();
  }
}
