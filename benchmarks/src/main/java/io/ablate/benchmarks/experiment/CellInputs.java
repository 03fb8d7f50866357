package io.ablate.benchmarks.experiment;

import io.ablate.dataset.ComponentDataset;
import io.ablate.dataset.Manifest;
import io.ablate.estimate.ComponentModels;
import io.ablate.estimate.LogitData;
import io.ablate.estimate.TrainingData;
import io.ablate.evaluate.Bootstrap;
import io.ablate.evaluate.ComparisonData;
import io.ablate.evaluate.GradientOffer;
import io.ablate.evaluate.HeldOutScore;
import io.ablate.evaluate.IndependentRows;
import io.ablate.instrument.OutputFunction;
import io.ablate.mask.MaskDesigns;
import io.ablate.mask.MaskMatrix;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** What the cells of one design and one output function are computed from. Not thread-safe. */
final class CellInputs implements AutoCloseable {
  /** What of the identity matters to methods that use gradients only. */
  static final String GRADIENTS = "gradients";

  private final Experiment experiment;
  private final ComponentDataset training;
  private final @Nullable ComponentDataset gradients;
  private final ComparisonData data;
  private final Bootstrap bootstrap;
  private final List<Shifted> shifted = new ArrayList<>();

  private final Map<String, Object> identity = new LinkedHashMap<>();

  /** Held-out masks of another ablated fraction. */
  private record Shifted(double ablated, MaskMatrix masks, double[][] truth, Bootstrap bootstrap) {}

  /**
   * Opens stores that are complete.
   *
   * @param training rows to fit on
   * @param heldOut rows that score
   * @param shift stores by ablated fraction
   * @param gradients store of gradient passes; null if there is none
   */
  CellInputs(
      Experiment experiment,
      OutputFunction output,
      Path training,
      Path heldOut,
      Map<Double, Path> shift,
      @Nullable Path gradients) {
    this.experiment = experiment;
    this.training = ComponentDataset.open(training, output);
    this.gradients = gradients == null ? null : ComponentDataset.open(gradients, output);
    int rows = this.training.rows();
    identity.put("output", output.label());
    identity.put("seed", experiment.seed());
    identity.put("training", identity(this.training, false));
    if (this.gradients != null) {
      identity.put(GRADIENTS, identity(this.gradients, true));
    }
    try (ComponentDataset held = ComponentDataset.open(heldOut, output)) {
      identity.put("held_out", identity(held, true));
      this.data =
          new ComparisonData(
              joined(held),
              rows,
              rows + held.rows(),
              Stores.secondsPerPass(training) * this.training.examples(),
              this.gradients == null ? null : GradientOffer.of(this.gradients),
              independent(this.training));
    }
    this.bootstrap = data.bootstrap(experiment.seed());
    shift.forEach((ablated, store) -> addShift(ablated, store, output));
  }

  private static IndependentRows independent(ComponentDataset training) {
    Map<String, Object> masks = Objects.requireNonNull(training.manifest()).masks();
    return MaskDesigns.isDependent(masks) ? IndependentRows.HELD_OUT : IndependentRows.ALL;
  }

  private TrainingData joined(ComponentDataset held) {
    MaskMatrix first = training.masks(allRows(training));
    MaskMatrix second = held.masks(allRows(held));
    MaskMatrix masks = new MaskMatrix(first.rows() + second.rows(), first.columns());
    System.arraycopy(first.words(), 0, masks.words(), 0, first.words().length);
    System.arraycopy(second.words(), 0, masks.words(), first.words().length, second.words().length);
    double[][] fitted = outputs(training);
    double[][] scored = outputs(held);
    double[][] outputs = new double[fitted.length][];
    for (int e = 0; e < outputs.length; e++) {
      outputs[e] = new double[masks.rows()];
      System.arraycopy(fitted[e], 0, outputs[e], 0, first.rows());
      System.arraycopy(scored[e], 0, outputs[e], first.rows(), second.rows());
    }
    return new TrainingData(masks, outputs, training.layerOfColumn(), training.activationScale())
        .withLogits(logits(training).join(logits(held)));
  }

  private static LogitData logits(ComponentDataset store) {
    return Objects.requireNonNull(LogitData.of(store, allRows(store)));
  }

  private static double[][] outputs(ComponentDataset store) {
    return store.outputs(allRows(store));
  }

  private static int[] allRows(ComponentDataset store) {
    return IntStream.range(0, store.rows()).toArray();
  }

  private void addShift(double ablated, Path folder, OutputFunction output) {
    try (ComponentDataset store = ComponentDataset.open(folder, output)) {
      identity.put("ablated_" + ablated, identity(store, true));
      shifted.add(
          new Shifted(
              ablated,
              store.masks(allRows(store)),
              outputs(store),
              new Bootstrap(store.examples(), store.rows(), Bootstrap.DRAWS, experiment.seed())));
    }
  }

  /** What decides the values of a store. */
  private static Map<String, Object> identity(ComponentDataset store, boolean withRows) {
    Manifest manifest = Objects.requireNonNull(store.manifest());
    Map<String, Object> identity = new LinkedHashMap<>();
    identity.put("model", manifest.model().sha256());
    identity.put("masks", manifest.masks());
    identity.put("instrument", manifest.instrument());
    identity.put("data", manifest.data().sha256());
    identity.put("labels", manifest.data().labels());
    identity.put("backend", manifest.backend().name() + " " + manifest.backend().version());
    if (withRows) {
      identity.put("rows", manifest.rows());
    }
    Manifest.Gradients passes = manifest.gradients();
    if (passes != null) {
      identity.put("gradient_masks", passes.masks());
      identity.put("gradient_graph", passes.graph());
      identity.put("gradient_passes", passes.passes());
      identity.put("gradient_cost", passes.cost());
    }
    return identity;
  }

  ComparisonData data() {
    return data;
  }

  Bootstrap bootstrap() {
    return bootstrap;
  }

  /** What decides every figure but the wall-clock seconds, besides method and spending. */
  Map<String, Object> identity() {
    return identity;
  }

  /** What the stores say of themselves. */
  Result.Collected collected() {
    Manifest manifest = Objects.requireNonNull(training.manifest());
    Manifest.Gradients passes =
        gradients == null ? null : Objects.requireNonNull(gradients.manifest()).gradients();
    double seconds = Stores.secondsPerPass(training.folder());
    return new Result.Collected(
        manifest.model().sha256(),
        manifest.data().sha256(),
        manifest.data().labels(),
        training.columns(),
        training.rows(),
        data.heldOutTo() - data.heldOutFrom(),
        Double.isNaN(seconds) ? null : seconds,
        passes == null ? 0 : passes.passes(),
        passes == null ? null : passes.cost(),
        manifest.backend().name() + " " + manifest.backend().version());
  }

  /** Scores at the other ablated fractions. */
  List<Cell.ShiftScore> shift(ComponentModels models) {
    return shifted.stream()
        .map(
            set -> {
              HeldOutScore score =
                  HeldOutScore.of(models.predict(set.masks), set.truth, set.bootstrap);
              return new Cell.ShiftScore(set.ablated, score.mean(), score.ci(), score.pearson());
            })
        .toList();
  }

  @Override
  public void close() {
    Stream.of(training, gradients).filter(Objects::nonNull).forEach(ComponentDataset::close);
  }
}
