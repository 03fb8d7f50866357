package io.ablate.dataset;

import static org.assertj.core.api.Assertions.assertThat;

import io.ablate.base.Progress;
import io.ablate.component.ComponentDiscovery;
import io.ablate.component.ComponentRules;
import io.ablate.forward.BatchOrder;
import io.ablate.forward.BatchShape;
import io.ablate.forward.ForwardBatch;
import io.ablate.forward.ForwardOptions;
import io.ablate.forward.ForwardSession;
import io.ablate.forward.OrtCpuBackend;
import io.ablate.forward.TinyModel;
import io.ablate.instrument.InstrumentOptions;
import io.ablate.instrument.InstrumentedModel;
import io.ablate.instrument.Instrumenter;
import io.ablate.mask.BernoulliMasks;
import io.ablate.mask.MaskDesign;
import io.ablate.mask.MaskMatrix;
import io.ablate.onnx.GraphBuilder;
import io.ablate.onnx.OnnxModel;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class BatchRowsTest {
  private static final MaskDesign NARROW = new BernoulliMasks(5, .8, 8);
  private static final int SIZE = 16;

  @Test
  void shouldComputeEqualRowsOnce() {
    Map<Long, Integer> found = new HashMap<>();
    Set<Integer> rows = new HashSet<>();
    new BatchRows(NARROW, 0, SIZE, 1, 1)
        .forEach(
            3000,
            row -> false,
            chunks ->
                chunks.forEach(
                    chunk -> {
                      for (int i = 0; i < chunk.slots().length; i++) {
                        long mask = chunk.masks().words()[i];
                        assertThat(found.put(mask, chunk.slots()[i])).isNull();
                        for (int row : chunk.rows()[i]) {
                          assertThat(rows.add(row)).isTrue();
                          assertThat(MaskMatrix.of(NARROW, row, 1).words()[0]).isEqualTo(mask);
                        }
                      }
                    }));
    assertThat(rows).hasSize(3000);
    assertThat(found.size()).isBetween(150, 256);
  }

  @Test
  void shouldGiveARowTheSamePlaceWhateverIsAskedFor() {
    for (MaskDesign design : new MaskDesign[] {NARROW, new BernoulliMasks(5, .8, 70)}) {
      Map<Long, Integer> all = places(design, 0, 5000, 1, 1);
      assertThat(all).containsAllEntriesOf(places(design, 0, 5000, 7, 1));
      assertThat(all).containsAllEntriesOf(places(design, 41, 3000, 1, 1));
      assertThat(all).containsAllEntriesOf(places(design, 4200, 300, 3, 1));
    }
  }

  @Test
  void shouldGiveARowTheSameSlotOfADeviceHoweverManyThereAre() {
    for (MaskDesign design : new MaskDesign[] {NARROW, new BernoulliMasks(5, .8, 70)}) {
      Map<Long, Integer> one = places(design, 0, 9000, 1, 1);
      places(design, 0, 9000, 1, 3)
          .forEach((row, slot) -> assertThat(slot % SIZE).isEqualTo(one.get(row)));
    }
  }

  @Test
  void shouldLeaveWideRowsWhereTheyAre() {
    places(new BernoulliMasks(5, .8, 65), 40, 500, 1, 1)
        .forEach((row, slot) -> assertThat(slot).isEqualTo((int) (row % SIZE)));
  }

  @Test
  void shouldCountWhatIsToBeComputed() {
    for (int columns : new int[] {8, 70}) {
      MaskDesign design = new BernoulliMasks(5, .8, columns);
      BatchRows batches = new BatchRows(design, 17, SIZE, 1, 1);
      long[] handedOut = {0};
      batches.forEach(
          900,
          row -> row % 3 == 0,
          chunks -> chunks.forEach(chunk -> handedOut[0] += chunk.slots().length));
      assertThat(batches.count(900, row -> row % 3 == 0)).isEqualTo(handedOut[0]);
    }
  }

  /** Slots, by row of the design. */
  private static Map<Long, Integer> places(
      MaskDesign design, long first, int end, int every, int devices) {
    Map<Long, Integer> places = new HashMap<>();
    new BatchRows(design, first, SIZE, devices, 1)
        .forEach(
            end,
            row -> row % every != 0,
            chunks ->
                chunks.forEach(
                    chunk -> {
                      for (int i = 0; i < chunk.slots().length; i++) {
                        for (int row : chunk.rows()[i]) {
                          places.put(first + row, chunk.slots()[i]);
                        }
                      }
                    }));
    return places;
  }

  @ParameterizedTest
  @EnumSource
  void shouldStoreForEveryRowWhatItsMaskGives(BatchOrder order, @TempDir Path temp) {
    InstrumentedModel model = eightNeurons();
    MaskDesign design = new BernoulliMasks(3, .7, 8);
    int rows = 700;
    CollectRequest request =
        StoreTesting.request(temp.resolve("store"), model, design, 0, rows, false, order, 8);
    Collector.Result result = Collector.run(request, Progress.NONE);
    int distinct = new HashSet<>(Arrays.stream(masks(design, rows)).boxed().toList()).size();
    assertThat(distinct).isLessThan(rows / 2);
    assertThat(result.passes()).isEqualTo((long) distinct * StoreTesting.EXAMPLES);
    CollectRequest part =
        StoreTesting.request(temp.resolve("part"), model, design, 123, 400, false, order, 8);
    Collector.run(part, Progress.NONE);
    try (ComponentDataset store = ComponentDataset.open(request.store());
        ComponentDataset later = ComponentDataset.open(part.store())) {
      double[][] outputs = store.outputs(store.completedBetween(0, rows));
      assertThat(store.masks(store.completedBetween(0, rows)))
          .isEqualTo(MaskMatrix.of(design, 0, rows));
      double[][] same = later.outputs(later.completedBetween(0, 400));
      for (int e = 0; e < outputs.length; e++) {
        assertThat(same[e]).isEqualTo(Arrays.copyOfRange(outputs[e], 123, 523));
        assertThat(outputs[e]).isEqualTo(oneByOne(model, design, e, rows));
      }
    }
  }

  private static long[] masks(MaskDesign design, int rows) {
    return MaskMatrix.of(design, 0, rows).words();
  }

  private static double[] oneByOne(
      InstrumentedModel model, MaskDesign design, int example, int rows) {
    double[] outputs = new double[rows];
    try (ForwardSession session =
            new OrtCpuBackend().open(model, new ForwardOptions(1, new long[] {TinyModel.INPUTS}));
        ForwardBatch batch = session.batch(new BatchShape(1, 1))) {
      var one = TinyModel.examples(StoreTesting.EXAMPLES).load(example);
      batch.setExample(0, one.input(), one.label());
      for (int row = 0; row < rows; row++) {
        batch.setMask(0, MaskMatrix.of(design, row, 1).words(), 0);
        batch.run();
        outputs[row] = batch.output(0);
      }
    }
    return outputs;
  }

  private static InstrumentedModel eightNeurons() {
    GraphBuilder b = new GraphBuilder(1);
    String x = b.input("x", -1, TinyModel.INPUTS);
    String hidden = b.node("Relu", "relu", List.of(b.gemm("a", "hidden", x, TinyModel.INPUTS, 8)));
    b.gemm("b", "logits", hidden, 8, TinyModel.CLASSES);
    OnnxModel model = b.output("logits", -1, TinyModel.CLASSES).model();
    return Instrumenter.instrument(
        model,
        ComponentDiscovery.discover(model.graph(), ComponentRules.defaults(), "logits"),
        InstrumentOptions.defaults().logits("logits"));
  }
}
