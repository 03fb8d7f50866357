package io.ablate.ort;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.ablate.base.UsageException;
import io.ablate.cuda.CopiedBytes;
import io.ablate.cuda.HostDevice;
import io.ablate.differentiate.MaskGradients;
import io.ablate.forward.BatchOrder;
import io.ablate.forward.BatchShape;
import io.ablate.forward.DealtBackend;
import io.ablate.forward.ForwardBackend;
import io.ablate.forward.ForwardBatch;
import io.ablate.forward.ForwardOptions;
import io.ablate.forward.ForwardSession;
import io.ablate.forward.GradientBatch;
import io.ablate.forward.GradientSession;
import io.ablate.forward.Precision;
import io.ablate.instrument.InstrumentedModel;
import io.ablate.mask.BernoulliMasks;
import io.ablate.mask.FixedSizeMasks;
import io.ablate.mask.MaskDesign;
import io.ablate.mask.MaskMatrix;
import io.ablate.onednn.Networks;
import io.ablate.onnx.OnnxModel;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What passes on a device do, with a device's memory and copies but the processor computing. */
@LeavesNoObjects
class DevicePassesTest {
  private static final long[] SHAPE = Networks.exampleShape();

  private final HostDevice driver = new HostDevice();
  private final ForwardBackend backend = on(driver);

  private static ForwardBackend on(HostDevice driver) {
    return ReducedBackends.inFloat32(
        () -> new Execution(ExecutionProvider.CPU, new DeviceMemory(driver.device())));
  }

  private static InstrumentedModel network(String name) {
    return Objects.requireNonNull(Networks.all().get(name));
  }

  @ParameterizedTest
  @ValueSource(strings = {"residual", "squeeze and excite", "layers"})
  void shouldEqualTheProcessorThroughADevicesMemory(String name) {
    OrtPasses.assertForwardEqual(backend, network(name), SHAPE, 1);
    OrtPasses.assertGradientsEqual(backend, network(name), SHAPE, 1);
  }

  @Test
  void shouldReadTheActivationScaleThroughADevicesMemory() {
    OrtPasses.assertForwardEqual(
        backend, OrtPasses.bundled("shapes-resnet"), new long[] {3, 32, 32}, 1);
  }

  @Test
  void shouldCopyPackedMasksInAndOutputsOutAndNothingElse() {
    InstrumentedModel model = network("residual");
    int words = (model.components().size() + 63) / 64;
    try (ForwardSession session = backend.open(model, new ForwardOptions(1, SHAPE));
        ForwardBatch batch = session.batch(new BatchShape(6, 1))) {
      batch.run();
      long written = driver.written();
      long read = driver.read();
      CopiedBytes before = CopiedBytes.now();
      for (int run = 0; run < 3; run++) {
        batch.setMask(1, new long[] {run, 5, 7, 9}, 0);
        batch.run();
      }
      assertThat(driver.written() - written).isEqualTo(3L * 6 * words * Long.BYTES);
      assertThat(driver.read() - read).isEqualTo(3L * 6 * (1 + 5) * Float.BYTES);
      assertThat(CopiedBytes.now().since(before))
          .isEqualTo(new CopiedBytes(driver.written() - written, driver.read() - read));
      batch.setExample(0, new float[270], 2);
      batch.run();
      // The example and its label; not the masks.
      assertThat(driver.written() - written)
          .isEqualTo(3L * 6 * words * Long.BYTES + 270 * Float.BYTES + Long.BYTES);
    }
  }

  @Test
  void shouldRefuseABatchThatNoBufferHolds() {
    try (ForwardSession session = backend.open(network("layers"), new ForwardOptions(1, SHAPE))) {
      assertThatThrownBy(() -> session.batch(new BatchShape(1, 1 << 28)))
          .isInstanceOf(UsageException.class)
          .hasMessageStartingWith("batch too large: tensor [268435456, 3, 9, 10]; expected fewer");
    }
  }

  /** Soft masks, gradients and examples of many rows, not what is smaller. */
  @Test
  void shouldPinWhatIsCopiedInQuantity() {
    InstrumentedModel model = network("layers");
    int columns = model.components().size();
    int rows = (64 << 10) / Float.BYTES / columns + 1;
    try (GradientSession session =
            backend.openGradients(MaskGradients.of(model), new ForwardOptions(1, SHAPE));
        GradientBatch small = session.batch(1)) {
      assertThat(driver.pinned()).isZero();
      try (GradientBatch large = session.batch(rows)) {
        large.run();
        assertThat(driver.pinned()).isEqualTo(3); // and examples
      }
      assertThat(driver.pinned()).isZero();
      small.run();
    }
  }

  /** A provider whose sessions cannot be recorded. */
  private record Unrecordable(List<Boolean> asked) implements ExecutionProvider {
    @Override
    public boolean records() {
      return true;
    }

    @Override
    public void configure(OrtScope scope, long sessionOptions, boolean record) {
      asked.add(record);
      if (record) {
        throw new OrtStatusException("not all nodes have been partitioned");
      }
    }

    @Override
    public void configureRuns(OrtTable table, long runOptions) {
      throw new AssertionError("not recorded");
    }

    @Override
    public long memoryInfo(OrtScope scope) {
      return ExecutionProvider.CPU.memoryInfo(scope);
    }

    @Override
    public OnnxModel graph(
        InstrumentedModel model, OnnxModel made, BatchShape shape, long[] exampleShape) {
      return ExecutionProvider.CPU.graph(model, made, shape, exampleShape);
    }
  }

  @Test
  void shouldRunWithoutRecordingWhatCannotBeRecorded() {
    List<Boolean> asked = new ArrayList<>();
    ForwardBackend unrecordable =
        ReducedBackends.inFloat32(() -> new Execution(new Unrecordable(asked), new HostMemory()));
    OrtPasses.assertGradientsEqual(unrecordable, network("layers"), SHAPE, 1);
    assertThat(asked).startsWith(true, false).hasSize(4); // of 1 and of 3 rows
  }

  @Test
  void shouldKnowTheBatchThatFillsADevice() {
    ForwardBackend large =
        new BoundBackend(
            "device",
            "1",
            Set.of(Precision.FP32),
            precision -> new Execution(ExecutionProvider.CPU, new HostMemory()),
            1 << 26);
    assertThat(large.batchRows(new ForwardOptions(1, new long[] {3, 32, 32}))).isEqualTo(1024);
    assertThat(large.batchRows(new ForwardOptions(1, new long[] {3, 224, 224}))).isEqualTo(256);
    assertThat(large.batchRows(new ForwardOptions(1, new long[] {3, 4096, 4096}))).isEqualTo(32);
    assertThat(backend.batchRows(new ForwardOptions(1, SHAPE))).isZero();
  }

  @Test
  void shouldDrawMasksOnTheDevice() {
    MaskDesign design = new BernoulliMasks(4, .8, 200);
    try (ForwardSession session = backend.open(network("residual"), new ForwardOptions(1, SHAPE))) {
      MaskMatrix drawn = MaskMatrix.of(session.drawing(design), 3, 300);
      assertThat(drawn.words()).isEqualTo(MaskMatrix.of(design, 3, 300).words());
      assertThat(driver.drawn()).isEqualTo(1);
      MaskDesign others = new FixedSizeMasks(4, .8, 200);
      assertThat(session.drawing(others)).isSameAs(others);
    }
  }

  /** Either device has some of the rows, and its own copy of what they share. */
  @Test
  void shouldDealRowsToTwoDevices() {
    InstrumentedModel model = network("residual");
    HostDevice first = new HostDevice();
    HostDevice second = new HostDevice();
    ForwardBackend both = new DealtBackend(List.of(on(first), on(second)));
    ForwardOptions options = new ForwardOptions(1, SHAPE);
    try (ForwardSession one = backend.open(model, options);
        ForwardSession two = both.open(model, options);
        ForwardBatch expected = one.batch(new BatchShape(3, 1));
        ForwardBatch dealt = two.everywhere(BatchOrder.MASKS, 3)) {
      assertThat(dealt.shape()).isEqualTo(new BatchShape(6, 1));
      float[] example = new float[270];
      for (int i = 0; i < example.length; i++) {
        example[i] = (float) Math.sin(i);
      }
      dealt.setExample(0, example, 2);
      expected.setExample(0, example, 2);
      long[][] masks = new long[6][];
      for (int row = 0; row < 6; row++) {
        masks[row] = new long[] {~(5L << 3 * row), -1, -1, -1};
        dealt.setMask(row, masks[row], 0);
      }
      dealt.run();
      float[] logits = new float[dealt.classes()];
      float[] same = new float[expected.classes()];
      for (int device = 0; device < 2; device++) {
        for (int slot = 0; slot < 3; slot++) {
          expected.setMask(slot, masks[3 * device + slot], 0);
        }
        expected.run();
        for (int slot = 0; slot < 3; slot++) {
          assertThat(dealt.output(3 * device + slot)).isEqualTo(expected.output(slot));
          dealt.logits(3 * device + slot, logits);
          expected.logits(slot, same);
          assertThat(logits).isEqualTo(same);
        }
      }
    }
    assertThat(second.written()).isEqualTo(first.written()).isPositive();
  }
}
