package io.ablate.tools.command;

import io.ablate.backend.FitBackends;
import io.ablate.base.AtomicFile;
import io.ablate.base.BadInputException;
import io.ablate.base.Problem;
import io.ablate.base.UsageException;
import io.ablate.component.ComponentSet;
import io.ablate.dataset.ComponentDataset;
import io.ablate.dataset.ComponentsFile;
import io.ablate.estimate.ComponentModels;
import io.ablate.estimate.Estimator;
import io.ablate.estimate.Estimators;
import io.ablate.estimate.FitContext;
import io.ablate.estimate.FitFiles;
import io.ablate.estimate.Intervals;
import io.ablate.estimate.TrainingData;
import io.ablate.tools.ConsoleProgress;
import io.ablate.tools.report.TextTable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** From a store to component models on disk. */
@Command(
    name = "fit",
    abbreviateSynopsis = true,
    sortOptions = false,
    description = "Fit component models to a store: one folder per method.",
    footer = {
      "",
      "With one method DIR holds the model, with several DIR/METHOD does.",
      "Example:  ablate fit store --method least-squares,ridge --samples 1600 --out fits"
    })
final class FitCommand extends Subcommand {
  /** The file that names a fit's columns, as in a store. */
  static final String COMPONENTS = "components.json";

  @Parameters(paramLabel = "STORE", description = "Folder with masks.npy and outputs.npy.")
  private @Nullable Path store;

  @Option(
      names = "--method",
      required = true,
      paramLabel = "NAMES",
      description = "Estimators, separated by commas: ${COMPLETION-CANDIDATES}.",
      completionCandidates = MethodNames.class)
  private String methods = "";

  @Option(
      names = "--samples",
      paramLabel = "N",
      description = "Use the first N completed rows (default: all).")
  private @Nullable Integer samples;

  @Option(
      names = "--gradients",
      paramLabel = "Q",
      description = "Use the first Q gradient passes (default: all; 0 for none).")
  private @Nullable Integer gradients;

  @Option(
      names = "--intervals",
      paramLabel = "B",
      defaultValue = "0",
      description =
          "Refit B times on random subsamples of the rows for standard errors and 95 %% intervals;"
              + " 100 are plenty (default: 0, those that the method gives by itself).")
  private int intervals;

  @Option(names = "--out", required = true, paramLabel = "DIR", description = "Folder to write.")
  private @Nullable Path out;

  @Mixin private final OutputOption output = new OutputOption();
  @Mixin private final LinalgOption linalg = new LinalgOption();

  /** The names of all estimators, for help texts. */
  static final class MethodNames extends ArrayList<String> {
    private static final long serialVersionUID = 1L;

    MethodNames() {
      super(Estimators.names());
    }
  }

  /** One fit, for {@code --json}. */
  record Fitted(
      String method,
      String folder,
      int samples,
      int components,
      int examples,
      double seconds,
      Map<String, Object> diagnostics) {}

  @Override
  void run(ConsoleProgress progress) {
    Path folder = Objects.requireNonNull(out);
    List<Estimator> estimators = estimators(CommonOptions.list(methods));
    FitBackends backends = linalg.select(common);
    List<Fitted> fitted = new ArrayList<>();
    try (ComponentDataset dataset = open(Objects.requireNonNull(store), output)) {
      int all = dataset.completedRows().length;
      int[] ends = dataset.gradientSegmentEnds();
      int passes = gradients != null ? gradients : ends.length == 0 ? 0 : ends[ends.length - 1];
      int wanted = samples == null ? (passes > 0 ? all : Math.max(1, all)) : samples;
      boolean none = wanted == 0 && passes > 0;
      int[] rows = none ? new int[0] : dataset.firstCompleted(wanted);
      TrainingData data =
          TrainingData.of(dataset, rows, passes).withLogits(dataset, rows, estimators);
      FitContext context = backends.context(common.seed, progress, common.threads());
      if (intervals != 0) {
        estimators.forEach(estimator -> Intervals.require(estimator, data, intervals));
      }
      for (Estimator estimator : estimators) {
        Path target = estimators.size() == 1 ? folder : folder.resolve(estimator.name());
        long start = System.nanoTime();
        ComponentModels models = estimator.fit(data, context);
        @Nullable Intervals around =
            intervals == 0 ? null : Intervals.of(estimator, models, data, intervals, context);
        double seconds = (System.nanoTime() - start) / 1e9;
        FitProvenance provenance = FitProvenance.of(dataset, rows, common.seed, backends, seconds);
        writeComponents(target.resolve(COMPONENTS), dataset.components());
        FitFiles.write(target, models, around, provenance.asMap());
        fitted.add(
            new Fitted(
                estimator.name(),
                target.toString(),
                rows.length,
                dataset.columns(),
                dataset.examples(),
                seconds,
                models.diagnostics()));
      }
    }
    print(fitted, () -> text(fitted));
  }

  /** The names of the columns, for who reads the fit without the store. */
  private static void writeComponents(Path file, @Nullable ComponentSet components) {
    if (components != null) {
      ComponentsFile.write(file, components);
      return;
    }
    try {
      Files.deleteIfExists(file);
    } catch (IOException e) {
      throw new BadInputException(AtomicFile.cannotWrite(file, e), e);
    }
  }

  /** A store whose outputs are those asked for. */
  static ComponentDataset open(Path store, OutputOption output) {
    return ComponentDataset.open(store, output.function());
  }

  /** The estimators of the given names, each once. */
  static List<Estimator> estimators(List<String> names) {
    List<String> distinct = new ArrayList<>(new LinkedHashSet<>(names));
    if (distinct.isEmpty() || distinct.size() < names.size()) {
      throw new UsageException(
          Problem.of("each method once").at("--method").found(String.join(",", names)));
    }
    return distinct.stream().map(Estimators::byName).toList();
  }

  private static String text(List<Fitted> fitted) {
    List<List<String>> rows = new ArrayList<>();
    rows.add(List.of("method", "folder", "samples", "components", "examples", "seconds"));
    for (Fitted one : fitted) {
      rows.add(
          List.of(
              one.method(),
              one.folder(),
              Integer.toString(one.samples()),
              Integer.toString(one.components()),
              Integer.toString(one.examples()),
              String.format(Locale.ROOT, "%.2f", one.seconds())));
    }
    return TextTable.align(rows, 2);
  }
}
