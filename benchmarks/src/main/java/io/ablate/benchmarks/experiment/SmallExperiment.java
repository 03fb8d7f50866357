package io.ablate.benchmarks.experiment;

import io.ablate.base.Folders;
import io.ablate.dataset.CollectRequest;
import io.ablate.instrument.OutputFunction;
import io.ablate.tools.ConsoleProgress;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.function.Function;

/**
 * Four examples of the bundled network in a folder of their own: what benchmarks collect whose
 * figures are the same in every run.
 */
final class SmallExperiment implements AutoCloseable {
  static final OutputFunction OUTPUT = OutputFunction.MARGIN;

  private final Path folder;
  private final Experiment experiment;

  /**
   * @param samples rows to fit on, ascending; so many as the last are collected
   */
  SmallExperiment(int[] samples) {
    try {
      folder = Files.createTempDirectory("small-experiment");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    experiment =
        new Experiment(
            "small",
            "bundled:shapes-resnet",
            "bundled",
            null,
            new Experiment.Examples("the first of four classes", new int[] {0, 1, 2, 3}),
            List.of(new Experiment.Design("bernoulli", 0.9, 1, null)),
            List.of(OUTPUT.label()),
            samples,
            List.of(),
            // A fixed price: the figures must not depend on how fast the machine is.
            new Experiment.Gradients(16, 0.2, 2, 2.5),
            new Experiment.HeldOut(0.9, 3, 400),
            null,
            new double[] {0.3, 0.5},
            0);
  }

  Experiment experiment() {
    return experiment;
  }

  Experiment.Design design() {
    return experiment.designs().getFirst();
  }

  Experiment.Gradients gradients() {
    return Objects.requireNonNull(experiment.gradients());
  }

  /** What {@code work} makes of the stores, which are collected when they are asked for. */
  <T> T collect(CollectRequest.Settings settings, Function<Stores, T> work) {
    try (Subject subject = Subject.open(experiment, folder, experiment.data());
        ConsoleProgress quiet = new ConsoleProgress(new PrintWriter(Writer.nullWriter()), false)) {
      return work.apply(new Stores(folder, experiment, subject, settings, quiet));
    }
  }

  /** Deletes what was collected. */
  @Override
  public void close() {
    try {
      Folders.delete(folder);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
