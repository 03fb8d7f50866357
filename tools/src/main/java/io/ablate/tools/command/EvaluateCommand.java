package io.ablate.tools.command;

import com.fasterxml.jackson.databind.PropertyNamingStrategies.SnakeCaseStrategy;
import com.fasterxml.jackson.databind.annotation.JsonNaming;
import io.ablate.base.AtomicFile;
import io.ablate.base.BadInputException;
import io.ablate.base.Problem;
import io.ablate.base.UsageException;
import io.ablate.dataset.ComponentDataset;
import io.ablate.dataset.Manifest;
import io.ablate.estimate.ComponentModels;
import io.ablate.estimate.FitFiles;
import io.ablate.evaluate.Bootstrap;
import io.ablate.evaluate.Lds;
import io.ablate.instrument.OutputFunction;
import io.ablate.tools.ConsoleProgress;
import io.ablate.tools.report.TextTable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Scores fitted models on rows that they have not seen. */
@Command(
    name = "evaluate",
    sortOptions = false,
    abbreviateSynopsis = true,
    description = "LDS and Pearson correlation of fitted models on held-out rows of a store.",
    footer = {"", "Example:  ablate evaluate store fits --test-rows 4500:6000 --json"})
final class EvaluateCommand extends Subcommand {
  @Parameters(index = "0", paramLabel = "STORE", description = "The store that was fitted.")
  private @Nullable Path store;

  @Parameters(
      index = "1",
      paramLabel = "DIR",
      description = "What fit wrote: one model, or a folder of several.")
  private @Nullable Path fits;

  @Option(
      names = "--test-rows",
      paramLabel = "A:B",
      description = "Score on rows A to B-1 (default: all completed rows after those fitted).")
  private @Nullable String testRows;

  @Mixin private final OutputOption output = new OutputOption();

  /** Scores of one method, one entry per example. */
  @JsonNaming(SnakeCaseStrategy.class)
  record Scores(
      String method,
      int samples,
      int[] testRows,
      int testMasks,
      double ldsMean,
      double[] ldsCi,
      double pearsonMean,
      double[] lds,
      double[] pearson) {}

  @Override
  void run(ConsoleProgress progress) {
    List<Scores> all = new ArrayList<>();
    try (ComponentDataset dataset = FitCommand.open(Objects.requireNonNull(store), output)) {
      for (Path folder : folders(Objects.requireNonNull(fits))) {
        FitFiles.Fit fit = FitFiles.read(folder);
        FitProvenance origin = FitProvenance.read(folder, fit.manifest());
        requireSameStore(folder, fit.models(), origin, dataset);
        requireSameOutput(folder, origin, dataset);
        all.add(score(fit.models(), origin, dataset));
        if (fit.models().nonlinear() != null) {
          all.add(score(fit.models().linear(), origin, dataset));
        }
      }
    }
    print(all, () -> text(all));
  }

  private Scores score(ComponentModels models, FitProvenance origin, ComponentDataset dataset) {
    int[] rows = heldOut(models.method(), origin, dataset);
    double[][] truth = dataset.outputs(rows);
    double[][] predicted = models.predict(dataset.masks(rows));
    double[] lds = Lds.spearman(predicted, truth);
    double[] pearson = Lds.pearson(predicted, truth);
    Bootstrap bootstrap = new Bootstrap(truth.length, rows.length, Bootstrap.DRAWS, common.seed);
    return new Scores(
        models.method(),
        origin.samples(),
        new int[] {rows[0], rows[rows.length - 1] + 1},
        rows.length,
        mean(lds),
        Bootstrap.interval(bootstrap.means(predicted, truth)),
        mean(pearson),
        lds,
        pearson);
  }

  private int[] heldOut(String method, FitProvenance fit, ComponentDataset dataset) {
    if (testRows == null) {
      if (fit.rowsEnd() >= dataset.rows()) {
        throw new UsageException(
            Problem.of("no rows left to test on")
                .at(dataset.folder())
                .expected(
                    "completed rows after row " + (fit.rowsEnd() - 1) + ", the last one fitted")
                .found("none")
                .remedy("fit with fewer --samples, or collect more masks"));
      }
      return dataset.completedBetween(fit.rowsEnd(), dataset.rows());
    }
    RowRange range = RowRange.parse("--test-rows", testRows);
    if (range.from() < fit.rowsEnd()) {
      throw new UsageException(
          Problem.of("test rows overlap the rows fitted")
              .at("--test-rows")
              .expected("rows from " + fit.rowsEnd() + " on (" + method + " was fitted before)")
              .found(testRows));
    }
    return dataset.completedBetween(range.from(), range.to());
  }

  private static void requireSameStore(
      Path folder, ComponentModels models, FitProvenance fit, ComponentDataset dataset) {
    int examples = models.attributions().length;
    int columns = examples == 0 ? 0 : models.attributions()[0].length;
    if (columns != dataset.columns() || examples != dataset.examples()) {
      throw new BadInputException(
          Problem.of("the fit is of another store")
              .at(folder)
              .expected(dataset.columns() + " components and " + dataset.examples() + " examples")
              .found(columns + " and " + examples));
    }
    @Nullable Manifest origin = dataset.manifest();
    if (origin == null) {
      return;
    }
    requireSame(folder, "model", fit.modelSha256(), origin.model().sha256());
    requireSame(folder, "data", fit.dataSha256(), origin.data().sha256());
  }

  private void requireSameOutput(Path folder, FitProvenance fit, ComponentDataset dataset) {
    OutputFunction scored = dataset.output();
    if (output.function() == null
        && fit.output() != null
        && scored != null
        && !fit.output().equals(scored.label())) {
      throw new BadInputException(
          Problem.of("the fit is of another output than the store")
              .at(folder)
              .expected(scored.label())
              .found(fit.output())
              .remedy("score it with --output " + fit.output() + ", or fit this store again"));
    }
  }

  private static void requireSame(
      Path folder, String what, @Nullable String fitted, String stored) {
    if (fitted != null && !fitted.equals(stored)) {
      throw new BadInputException(
          Problem.of("the fit is of another " + what + " than the store")
              .at(folder)
              .expected("SHA-256 " + stored)
              .found(fitted)
              .remedy("fit this store again"));
    }
  }

  /** The folder itself if it holds a model, else those below it that do. */
  static List<Path> folders(Path fits) {
    if (isFit(fits)) {
      return List.of(fits);
    }
    try (Stream<Path> below = Files.list(fits)) {
      List<Path> found = below.filter(EvaluateCommand::isFit).sorted().toList();
      if (found.isEmpty()) {
        throw new BadInputException(
            Problem.of("no fitted models")
                .at(fits)
                .expected("attributions.npy here or in a folder below")
                .remedy("run ablate fit first"));
      }
      return found;
    } catch (IOException e) {
      throw new BadInputException(AtomicFile.cannotRead(fits, e), e);
    }
  }

  private static boolean isFit(Path folder) {
    return Files.exists(folder.resolve("attributions.npy"));
  }

  private static double mean(double[] values) {
    return Arrays.stream(values).average().orElse(0);
  }

  private static String text(List<Scores> all) {
    StringBuilder text = new StringBuilder();
    List<List<String>> rows = new ArrayList<>();
    rows.add(List.of("method", "samples", "test masks", "LDS", "95 % interval", "Pearson"));
    for (Scores scores : all) {
      rows.add(
          List.of(
              scores.method(),
              String.format(Locale.ROOT, "%,d", scores.samples()),
              String.format(Locale.ROOT, "%,d", scores.testMasks()),
              number(scores.ldsMean()),
              number(scores.ldsCi()[0]) + " – " + number(scores.ldsCi()[1]),
              number(scores.pearsonMean())));
    }
    text.append(TextTable.right(rows)).append('\n');
    List<List<String>> examples = new ArrayList<>();
    List<String> head = new ArrayList<>(List.of("LDS of example"));
    all.forEach(scores -> head.add(scores.method()));
    examples.add(head);
    for (int e = 0; e < all.getFirst().lds().length; e++) {
      List<String> row = new ArrayList<>(List.of(Integer.toString(e)));
      for (Scores scores : all) {
        row.add(number(scores.lds()[e]));
      }
      examples.add(row);
    }
    return text.append(TextTable.right(examples)).toString();
  }

  private static String number(double value) {
    return String.format(Locale.ROOT, "%.3f", value);
  }
}
