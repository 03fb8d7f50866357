package io.ablate.ort;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.ablate.backend.Backends;
import io.ablate.base.BadInputException;
import io.ablate.forward.BatchShape;
import io.ablate.forward.ForwardBackend;
import io.ablate.forward.ForwardBatch;
import io.ablate.forward.ForwardOptions;
import io.ablate.forward.ForwardSession;
import io.ablate.forward.OrtCpuBackend;
import io.ablate.instrument.InstrumentedModel;
import io.ablate.onednn.Networks;
import io.ablate.onnx.GraphBuilder;
import io.ablate.onnx.OnnxModel;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The same numbers as through ONNX Runtime's Java interface, bit for bit. */
@LeavesNoObjects
class OrtFfmCpuTest {
  private static final long[] SHAPE = Networks.exampleShape();
  private static final long[] CIFAR = {3, 32, 32};

  private final ForwardBackend backend = new OrtFfmCpuProvider().create();

  @BeforeEach
  void requireLibrary() {
    assertThat(new OrtFfmCpuProvider().whyUnusable()).isEmpty();
  }

  static Stream<String> networks() {
    return Networks.all().keySet().stream();
  }

  private static InstrumentedModel network(String name) {
    return Objects.requireNonNull(Networks.all().get(name));
  }

  @ParameterizedTest
  @MethodSource("networks")
  void shouldEqualTheJavaInterface(String name) {
    for (int threads = 1; threads <= 2; threads++) {
      OrtPasses.assertForwardEqual(backend, network(name), SHAPE, threads);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"residual", "pools", "squeeze and excite", "flattened", "layers"})
  void shouldEqualTheJavaInterfaceOnTheWayBack(String name) {
    for (int threads = 1; threads <= 2; threads++) {
      OrtPasses.assertGradientsEqual(backend, network(name), SHAPE, threads);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"shapes-resnet", "resnet8-cifar10"})
  void shouldEqualTheJavaInterfaceOnBundledModels(String name) {
    InstrumentedModel model = OrtPasses.bundled(name);
    for (int threads = 1; threads <= 2; threads++) {
      OrtPasses.assertForwardEqual(backend, model, CIFAR, threads);
      OrtPasses.assertGradientsEqual(backend, model, CIFAR, threads);
    }
  }

  /** In one shape, for loading it takes longest. */
  @Test
  void shouldEqualTheJavaInterfaceOnTheLargestBundledModel() {
    InstrumentedModel model = OrtPasses.bundled("resnet18-cifar10");
    OrtPasses.assertForwardEqual(backend, model, CIFAR, 2, List.of(new BatchShape(3, 1)));
  }

  @Test
  void shouldLoadNoSecondCopyOfTheLibrary() throws IOException {
    Path maps = Path.of("/proc/self/maps");
    assumeTrue(Files.exists(maps), "the system tells what is mapped");
    OrtApi.table();
    assertThat(
            Files.readAllLines(maps).stream()
                .filter(line -> line.contains(System.mapLibraryName("onnxruntime")))
                .map(line -> line.substring(line.indexOf('/')))
                .distinct())
        .hasSize(1);
  }

  @Test
  void shouldBeTakenByNameOnly() {
    InstrumentedModel model = network("layers");
    ForwardOptions options = new ForwardOptions(1, SHAPE);
    assertThat(Backends.forward("auto", model, options).role().chosen())
        .isNotEqualTo(OrtFfmCpuProvider.NAME);
    var named = Backends.forward(OrtFfmCpuProvider.NAME, "cpu", model, options);
    assertThat(named.backend()).isEqualTo(backend).isInstanceOf(BoundBackend.class);
    assertThat(named.role().version()).isEqualTo(new OrtCpuBackend().version());
  }

  @Test
  void shouldCountTheClassesOfAModelThatDoesNotTell() {
    InstrumentedModel model = network("residual");
    InstrumentedModel silent = changed(model, model.model(), -1);
    try (ForwardSession session = backend.open(silent, new ForwardOptions(1, SHAPE));
        ForwardBatch batch = session.batch(new BatchShape(2, 1))) {
      assertThat(batch.classes()).isEqualTo(5);
      batch.run();
      batch.logits(1, new float[5]);
    }
  }

  @Test
  void shouldMakeNoGarbageInRuns() {
    var threads = (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();
    InstrumentedModel model = network("layers");
    try (ForwardSession session = backend.open(model, new ForwardOptions(1, SHAPE));
        ForwardBatch batch = session.batch(new BatchShape(8, 1))) {
      long[] words = {0x5555_5555_5555_5555L, -1, -1, -1};
      float[] example = OrtPasses.example(270, 1);
      long before = 0;
      for (int run = 0; run < 400; run++) {
        if (run == 200) {
          before = threads.getCurrentThreadAllocatedBytes();
        }
        for (int slot = 0; slot < 8; slot++) {
          batch.setMask(slot, words, 0);
        }
        batch.setExample(0, example, run % 5);
        batch.run();
      }
      // Compilers may have begun too late for some runs.
      assertThat((threads.getCurrentThreadAllocatedBytes() - before) / 200)
          .as("bytes per run")
          .isLessThan(512);
    }
  }

  @Test
  void shouldShareOneSessionBetweenThreads() throws Exception {
    InstrumentedModel model = network("residual");
    BatchShape shape = new BatchShape(3, 1);
    try (ForwardSession session = backend.open(model, new ForwardOptions(1, SHAPE));
        ExecutorService pool = Executors.newFixedThreadPool(3)) {
      int[] alone = OrtPasses.forward(session, shape, SHAPE);
      Callable<int[]> task = () -> OrtPasses.forward(session, shape, SHAPE);
      for (var result : pool.invokeAll(List.of(task, task, task))) {
        assertThat(result.get()).isEqualTo(alone);
      }
    }
  }

  @Test
  void shouldCloseTwiceAndRefuseUseAfterwards() {
    ForwardSession session = backend.open(network("layers"), new ForwardOptions(1, SHAPE));
    ForwardBatch batch = session.batch(new BatchShape(1, 1));
    batch.close();
    batch.close();
    session.close();
    session.close();
    assertThatThrownBy(batch::run).hasMessage("batch is closed");
    assertThatThrownBy(() -> batch.output(0)).isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(() -> session.batch(new BatchShape(1, 1))).hasMessage("session is closed");
  }

  @Test
  void shouldRefuseWhatDoesNotFit() {
    InstrumentedModel model = network("residual");
    assertThatThrownBy(() -> backend.open(model, new ForwardOptions(1, new long[] {3, 2, 2})))
        .isInstanceOf(BadInputException.class)
        .hasMessage(
            "examples do not fit the model's input: x; expected [3, 9, 10], found [3, 2, 2]");
    try (ForwardSession session = backend.open(model, new ForwardOptions(1, SHAPE));
        ForwardBatch batch = session.batch(new BatchShape(2, 1))) {
      assertThatThrownBy(() -> batch.setExample(0, new float[3], 0))
          .hasMessage("3 values for a row of 270 elements of x");
      assertThatThrownBy(() -> batch.setMask(2, new long[9], 0)).hasMessage("slot 2 outside 0..2");
    }
  }

  /** One line, and the same as through the Java interface. */
  @Test
  void shouldNameWhatOnnxRuntimeCannotLoad() {
    GraphBuilder b = new GraphBuilder(0);
    b.input("x", -1, 3, 9, 10);
    b.node("Frobnicate", "margin", List.of("x"));
    InstrumentedModel unknown = changed(network("residual"), b.output("margin", -1).model(), 5);
    ForwardOptions options = new ForwardOptions(1, SHAPE);
    String expected = message(() -> new OrtCpuBackend().open(unknown, options));
    assertThat(message(() -> backend.open(unknown, options)))
        .isEqualTo(expected)
        .startsWith("ONNX Runtime cannot load the model: model in memory; found ")
        .contains("Frobnicate")
        .doesNotContain("\n");
  }

  @Test
  void shouldSayWhyARunFails() {
    InstrumentedModel model = network("residual");
    InstrumentedModel wrong = changed(model, model.model(), 6);
    try (ForwardSession session = backend.open(wrong, new ForwardOptions(1, SHAPE));
        ForwardBatch batch = session.batch(new BatchShape(2, 1))) {
      assertThat(message(batch::run))
          .startsWith("ONNX Runtime cannot run the model: model in memory; found ")
          .doesNotContain("\n");
    }
  }

  private static String message(Runnable action) {
    try {
      action.run();
    } catch (BadInputException e) {
      return String.valueOf(e.getMessage());
    }
    throw new AssertionError("nothing failed");
  }

  private static InstrumentedModel changed(InstrumentedModel model, OnnxModel graph, int classes) {
    return new InstrumentedModel(
        graph,
        model.components(),
        model.ablation(),
        model.outputFunction(),
        model.example(),
        model.mask(),
        model.label(),
        model.output(),
        model.logits(),
        model.logitTensor(),
        classes,
        null);
  }
}
