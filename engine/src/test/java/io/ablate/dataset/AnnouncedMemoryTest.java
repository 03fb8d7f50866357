package io.ablate.dataset;

import static org.assertj.core.api.Assertions.assertThat;

import io.ablate.base.Progress;
import io.ablate.component.ComponentDiscovery;
import io.ablate.component.ComponentRules;
import io.ablate.example.Example;
import io.ablate.forward.ProcessMemory;
import io.ablate.forward.TinyModel;
import io.ablate.instrument.InstrumentOptions;
import io.ablate.instrument.InstrumentedModel;
import io.ablate.instrument.Instrumenter;
import io.ablate.mask.BernoulliMasks;
import io.ablate.onnx.OnnxModel;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Isolated;

/** Plans in one process, collects in another, and compares what they take. */
@Isolated("plans by timed passes")
public class AnnouncedMemoryTest {
  private static final String MODEL = "/io/ablate/models/resnet8-cifar10.onnx";

  @TempDir Path folder;

  @Test
  void shouldStayWithinWhatThePlanAnnounced() throws Exception {
    Assumptions.assumeTrue(ProcessMemory.resident() > 0, "the system does not tell");
    long announced = run("plan");
    long peak = run("collect");
    assertThat(peak).isLessThan(announced * 3 / 2);
    assertThat(announced).as("an announcement that says something").isLessThan(peak * 2);
  }

  private long run(String mode) throws Exception {
    Process process =
        new ProcessBuilder(
                List.of(
                    Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                    // A small heap to start with: what it has free counts as announced.
                    "-Xms64m",
                    "--enable-native-access=ALL-UNNAMED",
                    "-cp",
                    System.getProperty("java.class.path"),
                    AnnouncedMemoryTest.class.getName(),
                    mode,
                    folder.resolve("store").toString()))
            .redirectError(ProcessBuilder.Redirect.DISCARD)
            .start();
    String answer =
        new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
    assertThat(process.waitFor()).isZero();
    return Long.parseLong(answer);
  }

  public static void main(String[] arguments) throws IOException {
    OnnxModel model;
    try (InputStream in = AnnouncedMemoryTest.class.getResourceAsStream(MODEL)) {
      model = OnnxModel.parse(in.readAllBytes());
    }
    InstrumentedModel instrumented =
        Instrumenter.instrument(
            model,
            ComponentDiscovery.discover(model, ComponentRules.defaults()),
            InstrumentOptions.defaults());
    CollectRequest request =
        new CollectRequest(
            Path.of(arguments[1]),
            instrumented,
            new BernoulliMasks(1, 0.9, instrumented.components().size()),
            0,
            1000,
            TinyModel.examples(2, 3, 32, 32),
            new int[] {0, 1},
            Example::label,
            false,
            CollectRequest.Settings.defaults());
    if (arguments[0].equals("plan")) {
      System.out.println(Planner.plan(request).memoryBytes());
    } else {
      Collector.run(request, Progress.NONE);
      System.out.println(ProcessMemory.peak());
    }
  }
}
