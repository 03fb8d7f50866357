package io.ablate.benchmarks.experiment;

import io.ablate.backend.BackendReport;
import io.ablate.backend.Backends;
import io.ablate.backend.Selection;
import io.ablate.base.InterruptedRunException;
import io.ablate.base.Json;
import io.ablate.base.Problem;
import io.ablate.base.Progress;
import io.ablate.dataset.CollectRequest;
import io.ablate.estimate.Estimator;
import io.ablate.estimate.FitContext;
import io.ablate.evaluate.CurveSummary;
import io.ablate.evaluate.PlannedFit;
import io.ablate.evaluate.ScoredPoint;
import io.ablate.forward.BatchOrder;
import io.ablate.forward.ForwardBackend;
import io.ablate.instrument.OutputFunction;
import io.ablate.linalg.LinearAlgebra;
import io.ablate.mask.MaskDesigns;
import io.ablate.tools.ConsoleProgress;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Runs one experiment: collects what is missing, computes the cells that are missing, writes one
 * result per design and output function. Killed at any moment, the same call goes on.
 */
final class ExperimentRun {
  private final Experiment experiment;
  private final Options options;
  private final Selection<LinearAlgebra> algebra;
  private final ConsoleProgress progress;
  private final String commit;

  /**
   * How to run.
   *
   * @param gridFolder that files of the grid are relative to
   * @param data replaces the entry's data; null for the entry's
   * @param work folder of stores and cells
   * @param results folder of the results
   * @param checkout whose commit is recorded
   * @param command to record
   * @param linalg backend by name
   * @param threads to use
   * @param batch masks on one example in a pass; 0 for what calibrates fastest
   */
  record Options(
      Path gridFolder,
      @Nullable String data,
      Path work,
      Path results,
      Path checkout,
      String command,
      String linalg,
      int threads,
      int batch) {

    CollectRequest.Settings settings() {
      CollectRequest.Settings settings = CollectRequest.Settings.defaults().threads(threads);
      return batch == 0 ? settings : settings.batch(BatchOrder.MASKS, batch);
    }
  }

  ExperimentRun(Experiment experiment, Options options, ConsoleProgress progress) {
    this.experiment = experiment;
    this.options = options;
    this.progress = progress;
    this.algebra = Backends.linearAlgebra(options.linalg, options.threads);
    this.commit = Provenance.commit(options.checkout);
  }

  /** Runs it and returns the files written, one per design and output function. */
  List<Path> run() {
    Path folder = options.work.resolve(experiment.name());
    List<Path> written = new ArrayList<>();
    String data = options.data == null ? experiment.data() : options.data;
    try (Subject subject = Subject.open(experiment, options.gridFolder, data)) {
      Stores stores =
          new Stores(folder.resolve("stores"), experiment, subject, options.settings(), progress);
      Path heldOut = stores.heldOut();
      Map<Double, Path> shift = new LinkedHashMap<>();
      Experiment.Shift wanted = experiment.shift();
      if (wanted != null) {
        for (double ablated : wanted.ablated()) {
          shift.put(ablated, stores.shift(wanted, ablated));
        }
      }
      for (Experiment.Design design : experiment.designs()) {
        Path training = stores.training(design);
        for (String name : experiment.outputs()) {
          OutputFunction output = output(name);
          Experiment.Gradients passes = experiment.gradients();
          @Nullable Path gradients =
              passes == null ? null : stores.gradients(passes, design, output);
          try (CellInputs inputs =
              new CellInputs(experiment, output, training, heldOut, shift, gradients)) {
            Path cells = folder.resolve("cells").resolve(label(design)).resolve(name);
            written.add(write(result(design, name, inputs, cells)));
          }
        }
      }
    }
    return written;
  }

  private Result result(
      Experiment.Design design, String output, CellInputs inputs, Path cellFolder) {
    FitContext context =
        new FitContext(algebra.backend(), experiment.seed(), Progress.NONE, options.threads);
    Cells cells = new Cells(cellFolder, inputs, context, commit);
    List<Cell> all = cells(cells, plan(inputs, design), label(design) + " " + output);
    List<String> methods =
        experiment.estimators().stream()
            .map(Estimator::name)
            .filter(m -> all.stream().anyMatch(cell -> cell.point().method().equals(m)))
            .toList();
    List<ScoredPoint> points =
        all.stream().map(cell -> new ScoredPoint(cell.point(), cell.draws())).toList();
    return new Result(
        Result.SCHEMA,
        experiment.name(),
        label(design),
        output,
        experiment,
        Provenance.of(
            commit,
            all.stream().map(Cell::gitCommit).distinct().sorted().toList(),
            options.command,
            options.threads,
            backends()),
        inputs.collected(),
        CurveSummary.of(
            methods,
            experiment.sizes(design),
            experiment.targets(),
            new int[] {inputs.data().heldOutFrom(), inputs.data().heldOutTo()},
            experiment.seed(),
            points,
            inputs.data().linearityCeiling(experiment.largest(design), context)),
        all.stream()
            .flatMap(cell -> cell.shift().stream().map(s -> Result.ShiftPoint.of(cell, s)))
            .toList(),
        notes(design, methods));
  }

  /** The cells to be, cheap ones first: whoever looks early sees all methods. */
  private List<PlannedFit> plan(CellInputs inputs, Experiment.Design design) {
    return PlannedFit.of(inputs.data(), experiment.estimators(), experiment.sizes(design)).stream()
        .filter(fit -> fit.spending().passEquivalents() <= experiment.budgetOf(fit.method()) + 1e-9)
        .toList();
  }

  private List<Cell> cells(Cells cells, List<PlannedFit> plan, String stage) {
    List<Cell> all = new ArrayList<>();
    for (PlannedFit fit : plan) {
      if (Thread.interrupted()) {
        throw new InterruptedRunException(
            Problem.of("interrupted")
                .at(experiment.name())
                .remedy("finished cells are kept; the same command goes on from there"));
      }
      all.add(cells.finished(fit).orElseGet(() -> cells.compute(fit)));
      progress.update("cells of " + stage, all.size(), plan.size());
    }
    return all;
  }

  private List<String> notes(Experiment.Design design, List<String> methods) {
    List<String> notes = new ArrayList<>();
    List<String> missing =
        experiment.estimators().stream()
            .map(Estimator::name)
            .filter(m -> !methods.contains(m))
            .toList();
    if (!missing.isEmpty()) {
      notes.add("Without a cell, for want of gradient passes: " + String.join(", ", missing));
    }
    if (!design.name().equals(MaskDesigns.DEFAULT)) {
      notes.add(
          "Methods learn from "
              + design.name()
              + " masks; the masks that score them, and give the linearity ceiling, are independent"
              + " draws.");
    }
    return notes;
  }

  private BackendReport backends() {
    // The reference, whatever else there is: results stay comparable.
    ForwardBackend forward = options.settings().backend();
    return BackendReport.of(
        new BackendReport.Role(
            "forward", forward.name(), forward.name(), forward.version(), List.of()),
        algebra.role());
  }

  private Path write(Result result) {
    Path file = options.results.resolve(result.fileName() + ".json");
    Json.write(file, result);
    ResultChart.draw(file);
    return file;
  }

  private static String label(Experiment.Design design) {
    return design.name() + "-" + design.keep();
  }

  private static OutputFunction output(String label) {
    return Arrays.stream(OutputFunction.values())
        .filter(function -> function.label().equals(label))
        .findFirst()
        .orElseThrow();
  }
}
