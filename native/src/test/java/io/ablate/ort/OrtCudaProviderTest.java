package io.ablate.ort;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import io.ablate.backend.Backends;
import io.ablate.backend.Devices;
import io.ablate.base.BadInputException;
import io.ablate.base.Problem;
import io.ablate.cuda.CopiedBytes;
import io.ablate.cuda.CudaDeviceProvider;
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
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.ResourceLock;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What passes on a device do, with a device's memory and copies but the processor computing; and
 * how they say what is missing.
 */
@ResourceLock("objects of ONNX Runtime")
class OrtCudaProviderTest {
  private static final long[] SHAPE = Networks.exampleShape();
  private final HostDevice driver = new HostDevice();
  private final ForwardBackend backend = on(driver);
  private long live;

  @BeforeEach
  void countObjects() {
    live = OrtScope.live();
  }

  @AfterEach
  void shouldLeaveNothingBehind() {
    assertThat(OrtScope.live()).isEqualTo(live);
  }

  private static ForwardBackend on(HostDevice driver) {
    return new BoundBackend(
        "device",
        "1",
        Set.of(Precision.FP32),
        precision -> new Execution(ExecutionProvider.CPU, new DeviceMemory(driver.device())));
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
        new BoundBackend(
            "device",
            "1",
            Set.of(Precision.FP32),
            precision -> new Execution(new Unrecordable(asked), new HostMemory()));
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

  @Test
  void shouldWordOptionsAsOnnxRuntimeDoes() {
    assertThat(CudaOptions.of(2, Precision.FP32).entries())
        .containsExactly(
            java.util.Map.entry("device_id", "2"),
            java.util.Map.entry("cudnn_conv_algo_search", "HEURISTIC"),
            java.util.Map.entry("prefer_nhwc", "0"),
            java.util.Map.entry("use_tf32", "0"),
            java.util.Map.entry("enable_cuda_graph", "0"),
            java.util.Map.entry("arena_extend_strategy", "kNextPowerOfTwo"));
    assertThat(
            CudaOptions.of(0, Precision.FP16)
                .with("arena", "same_as_requested")
                .with("memorylimit", "8589934592")
                .entries())
        .containsEntry("cudnn_conv_algo_search", "EXHAUSTIVE")
        .containsEntry("prefer_nhwc", "0")
        .containsEntry("use_tf32", "1")
        .containsEntry("enable_cuda_graph", "1")
        .containsEntry("arena_extend_strategy", "kSameAsRequested")
        .containsEntry("gpu_mem_limit", "8589934592");
    CudaOptions half = CudaOptions.of(0, Precision.FP16);
    assertThat(half.with("layout", "provider").entries()).containsEntry("prefer_nhwc", "1");
    assertThat(half.with("graphs", "false").entries()).containsEntry("enable_cuda_graph", "0");
    assertThatThrownBy(() -> half.with("speed", "true")).hasMessageContaining("speed");
    assertThatThrownBy(() -> CudaOptions.of(-1, Precision.FP32))
        .hasMessage("device -1, memory limit 0");
  }

  /** As far as the provider gets where ONNX Runtime was built without it: one clear message. */
  @Test
  void shouldSayWhatOnnxRuntimeSaysOfAProviderThatItLacks() {
    assumeFalse(CudaProviderLibrary.here().isPresent(), "ONNX Runtime has its CUDA provider");
    ExecutionProvider cuda = new CudaExecutionProvider(CudaOptions.of(0, Precision.FP32), 0);
    ForwardBackend unready =
        new BoundBackend(
            "cuda",
            "1",
            Set.of(Precision.FP32),
            precision -> new Execution(cuda, new HostMemory()));
    InstrumentedModel model = network("layers");
    ForwardOptions options = new ForwardOptions(1, SHAPE);
    assertThatThrownBy(() -> unready.open(model, options))
        .isInstanceOf(BadInputException.class)
        .hasMessageStartingWith("ONNX Runtime cannot load the model: model in memory; found ")
        .hasMessageContaining("CUDA");
    assertThatThrownBy(
            () -> unready.openGradients(MaskGradients.of(model), options).batch(1).close())
        .isInstanceOf(BadInputException.class);
  }

  @Test
  void shouldNameTheFirstThingThatIsMissing(@TempDir Path folder) throws IOException {
    String absent = "no/such/folder";
    assertThat(message(new CudaProviderLibrary(folder, absent, Optional::empty)))
        .isEqualTo(
            "ONNX Runtime's CUDA provider is not here: "
                + System.mapLibraryName("onnxruntime_providers_shared")
                + "; expected it on the class path, or in "
                + folder
                + "; build with the Maven profile cuda, which takes onnxruntime_gpu in place of"
                + " onnxruntime");
    Files.createFile(folder.resolve(System.mapLibraryName("onnxruntime_providers_shared")));
    assertThat(message(new CudaProviderLibrary(folder, absent, Optional::empty)))
        .contains(System.mapLibraryName("onnxruntime_providers_cuda"));
    Files.createFile(folder.resolve(System.mapLibraryName("onnxruntime_providers_cuda")));
    assertThat(new CudaProviderLibrary(folder, absent, Optional::empty).problem()).isEmpty();
    Problem lacking = Problem.of("libnotthere.so.12 cannot be loaded");
    assertThat(new CudaProviderLibrary(folder, absent, () -> Optional.of(lacking)).problem())
        .hasValue(lacking);
  }

  @Test
  void shouldExtractTheProviderBesideTheLibrary(@TempDir Path folder) throws IOException {
    // Any two files of these names on the class path will do.
    String resources = "io/ablate/ort/provider";
    CudaProviderLibrary library = new CudaProviderLibrary(folder, resources, Optional::empty);
    assumeFalse(library.problem().isPresent(), "named as on Linux");
    library.install();
    for (String part : List.of("shared", "cuda")) {
      Path file = folder.resolve(System.mapLibraryName("onnxruntime_providers_" + part));
      assertThat(file).hasContent("the " + part + " part\n");
      Files.writeString(file, "kept");
    }
    library.install();
    assertThat(folder.resolve(System.mapLibraryName("onnxruntime_providers_cuda")))
        .hasContent("kept");
  }

  private static String message(CudaProviderLibrary library) {
    return library.problem().map(Problem::message).orElse("");
  }

  @Test
  void shouldSayThatThereIsNoDevice() {
    var problem = new CudaDeviceProvider().whyUnusable(0);
    assumeFalse(problem.isEmpty(), "a device is here");
    String why = problem.orElseThrow().message();
    assertThat(new OrtCudaProvider().whyUnusable(0).map(Problem::message)).hasValue(why);
    assertThatThrownBy(() -> Devices.require("cuda"))
        .isInstanceOf(BadInputException.class)
        .hasMessage("device cuda cannot be used: " + why);
    assertThatThrownBy(() -> OrtCudaProvider.backend(0, options -> options))
        .isInstanceOf(BadInputException.class)
        .hasMessage(why);
    // Also where only the backend was named.
    assertThatThrownBy(
            () ->
                Backends.forward(
                    OrtCudaProvider.NAME, network("layers"), new ForwardOptions(1, SHAPE)))
        .hasMessage("backend onnxruntime-cuda cannot be used: " + why);
  }
}
