package io.ablate.benchmarks.experiment;

import io.ablate.base.Json;
import io.ablate.base.Sha256;
import io.ablate.dataset.CollectRequest;
import io.ablate.dataset.Collector;
import io.ablate.differentiate.MaskGradients;
import io.ablate.example.Example;
import io.ablate.instrument.InstrumentedModel;
import io.ablate.instrument.OutputFunction;
import io.ablate.mask.BernoulliMasks;
import io.ablate.mask.GradientMasks;
import io.ablate.mask.MaskDesign;
import io.ablate.mask.MaskDesigns;
import io.ablate.tools.ConsoleProgress;
import io.ablate.tools.command.PassClock;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The collections of an experiment, each in a folder named by what it holds: a changed entry of the
 * grid gets a new collection, an unchanged one continues the old.
 */
final class Stores {
  private final Path folder;
  private final Experiment experiment;
  private final Subject subject;
  private final CollectRequest.Settings settings;
  private final ConsoleProgress progress;

  Stores(
      Path folder,
      Experiment experiment,
      Subject subject,
      CollectRequest.Settings settings,
      ConsoleProgress progress) {
    this.folder = folder;
    this.experiment = experiment;
    this.subject = subject;
    this.settings = settings;
    this.progress = progress;
  }

  /** Masks to fit on. */
  Path training(Experiment.Design design) {
    MaskDesign masks =
        MaskDesigns.named(design.name(), design.seed(), design.keep(), subject.columns());
    return rows(design.name(), masks, experiment.largest(design));
  }

  /** Masks that score. */
  Path heldOut() {
    Experiment.HeldOut held = experiment.heldOut();
    MaskDesign masks = new BernoulliMasks(held.seed(), held.keep(), subject.columns());
    return rows("held-out", masks, held.masks());
  }

  /** Masks of another ablated fraction. */
  Path shift(Experiment.Shift shift, double ablated) {
    MaskDesign masks = new BernoulliMasks(shift.seed(), 1 - ablated, subject.columns());
    return rows("ablated-" + ablated, masks, shift.masks());
  }

  /** Gradient passes for one output function, at the masks' distribution that fits see. */
  Path gradients(Experiment.Gradients wanted, Experiment.Design design, OutputFunction output) {
    InstrumentedModel model = subject.forGradients(output);
    GradientMasks masks =
        new GradientMasks(wanted.seed(), design.keep(), wanted.soft(), subject.columns());
    double cost = wanted.cost() == null ? 0 : wanted.cost();
    CollectRequest.Gradients gradients =
        new CollectRequest.Gradients(MaskGradients.of(model), masks, 0, wanted.passes(), cost);
    Map<String, Object> content = new LinkedHashMap<>(masks.provenance());
    content.put("output", output.label());
    content.put("passes", wanted.passes());
    content.put("cost", cost);
    Path store = folder("gradients-" + output.label(), content);
    // Masks of rows that are never collected.
    MaskDesign none = new BernoulliMasks(wanted.seed(), design.keep(), subject.columns());
    collect(request(store, model, none, 0).withGradients(gradients));
    return store;
  }

  private Path rows(String name, MaskDesign masks, int rows) {
    Map<String, Object> content = new LinkedHashMap<>(masks.provenance());
    content.put("rows", rows);
    Path store = folder(name, content);
    collect(request(store, subject.forRows(), masks, rows));
    return store;
  }

  private CollectRequest request(Path store, InstrumentedModel model, MaskDesign masks, int rows) {
    return new CollectRequest(
        store,
        model,
        masks,
        0,
        rows,
        subject.source(),
        experiment.examples().positions(),
        Example::label,
        true,
        settings);
  }

  private void collect(CollectRequest request) {
    PassClock clock = new PassClock(progress);
    try {
      Collector.run(request, clock);
    } finally {
      double seconds = clock.secondsPerPass();
      if (!Double.isNaN(seconds)) {
        Json.write(timing(request.store()), Map.of("seconds_per_pass", seconds));
      }
    }
  }

  /** Seconds of an ablated pass over one example, as last measured; NaN if unknown. */
  static double secondsPerPass(Path store) {
    Path file = timing(store);
    return Files.exists(file)
        ? Json.read(file).path("seconds_per_pass").asDouble(Double.NaN)
        : Double.NaN;
  }

  private static Path timing(Path store) {
    return store.resolveSibling(store.getFileName() + ".timing.json");
  }

  private Path folder(String name, Map<String, Object> content) {
    Map<String, Object> identity = new LinkedHashMap<>(content);
    identity.put("model", subject.modelSha256());
    identity.put("components", experiment.componentRule());
    identity.put("examples", Arrays.stream(experiment.examples().positions()).boxed().toList());
    String hash = Sha256.of(Json.write(identity).getBytes(StandardCharsets.UTF_8));
    return folder.resolve(name + "-" + hash.substring(0, 12));
  }
}
