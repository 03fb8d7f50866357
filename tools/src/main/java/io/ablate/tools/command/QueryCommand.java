package io.ablate.tools.command;

import com.fasterxml.jackson.databind.PropertyNamingStrategies.SnakeCaseStrategy;
import com.fasterxml.jackson.databind.annotation.JsonNaming;
import io.ablate.base.Problem;
import io.ablate.base.UsageException;
import io.ablate.component.Component;
import io.ablate.component.ComponentSet;
import io.ablate.dataset.ComponentsFile;
import io.ablate.estimate.ComponentModels;
import io.ablate.estimate.FitFiles;
import io.ablate.tools.ConsoleProgress;
import io.ablate.tools.report.TextTable;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.TreeSet;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** What fitted models predict of ablating a set of components, without a pass. */
@Command(
    name = "query",
    sortOptions = false,
    abbreviateSynopsis = true,
    description = {
      "Predict the effect of ablating a set of components together: f(all kept) - f(all but these).",
      "The interaction is what that differs by from the sum of their single effects; linear models"
          + " have none."
    },
    footer = {"", "Example:  ablate query fit --example 0 --ablate conv1:3,conv1:7,layer2"})
final class QueryCommand extends Subcommand {
  @Parameters(paramLabel = "FIT", description = "What fit wrote for one method.")
  private @Nullable Path fit;

  @Option(
      names = "--ablate",
      required = true,
      paramLabel = "LIST",
      description =
          "Components, separated by commas: LAYER:INDEX, LAYER for all of a layer, or the number of"
              + " a column.")
  private String ablate = "";

  @Option(
      names = "--example",
      paramLabel = "E",
      description = "One example, by its position in the fit (default: all).")
  private @Nullable Integer example;

  /** The answer for one example, in units of the output. */
  @JsonNaming(SnakeCaseStrategy.class)
  record Answer(
      int example, int[] columns, double kept, double ablated, double effect, double interaction) {}

  @Override
  void run(ConsoleProgress progress) {
    Path folder = Objects.requireNonNull(fit);
    List<Path> fits = EvaluateCommand.folders(folder);
    if (!fits.contains(folder)) {
      throw new UsageException(
          Problem.of("no model in this folder itself")
              .at(folder)
              .expected("the folder of one method")
              .found("models in " + fits)
              .remedy("name one of these"));
    }
    ComponentModels models = FitFiles.read(folder).models();
    int examples = models.attributions().length;
    if (example != null && (example < 0 || example >= examples)) {
      throw new UsageException(
          Problem.of("no such example")
              .at("--example")
              .expected("0 to " + (examples - 1))
              .found(example));
    }
    int n = examples == 0 ? 0 : models.attributions()[0].length;
    int[] columns = columns(CommonOptions.list(ablate), n, folder.resolve(FitCommand.COMPONENTS));
    List<Answer> answers = answers(models, columns);
    print(answers, () -> text(answers));
  }

  private List<Answer> answers(ComponentModels models, int[] columns) {
    int[] wanted =
        example == null
            ? IntStream.range(0, models.attributions().length).toArray()
            : new int[] {example};
    double[] effects = models.effectOfAblating(columns);
    double[] kept = models.predictAblated();
    double[] interactions = effects.clone();
    if (models.nonlinear() != null) {
      for (int column : columns) {
        double[] single = models.effectOfAblating(column);
        Arrays.setAll(interactions, e -> interactions[e] - single[e]);
      }
    } else {
      Arrays.fill(interactions, 0);
    }
    return Arrays.stream(wanted)
        .mapToObj(
            e -> new Answer(e, columns, kept[e], kept[e] - effects[e], effects[e], interactions[e]))
        .toList();
  }

  /** The columns named, ascending. */
  private static int[] columns(List<String> names, int n, Path file) {
    @Nullable ComponentSet components = Files.exists(file) ? ComponentsFile.read(file) : null;
    TreeSet<Integer> columns = new TreeSet<>();
    for (String name : names) {
      List<Integer> found = new ArrayList<>();
      if (name.matches("\\d{1,9}")) {
        found.add(Integer.valueOf(name));
      } else if (components != null) {
        for (int i = 0; i < components.size(); i++) {
          Component one = components.columns().get(i);
          if (name.equals(one.layer())
              || name.equals(one.layer() + ":" + one.index())
              || name.equals(one.label())) {
            found.add(i);
          }
        }
      }
      if (found.isEmpty() || found.getLast() >= n) {
        throw new UsageException(
            Problem.of("no such component")
                .at("--ablate")
                .expected(
                    "columns 0 to "
                        + (n - 1)
                        + (components == null
                            ? " (the fit does not name its components)"
                            : ", LAYER or LAYER:INDEX with a layer of "
                                + String.join(", ", components.layers())))
                .found(name));
      }
      columns.addAll(found);
    }
    if (columns.isEmpty()) {
      throw new UsageException(
          Problem.of("nothing to ablate").at("--ablate").expected("at least one component"));
    }
    return columns.stream().mapToInt(Integer::intValue).toArray();
  }

  private static String text(List<Answer> answers) {
    List<List<String>> rows = new ArrayList<>();
    rows.add(List.of("example", "all kept", "ablated", "effect", "interaction"));
    for (Answer one : answers) {
      rows.add(
          List.of(
              Integer.toString(one.example()),
              number(one.kept()),
              number(one.ablated()),
              number(one.effect()),
              number(one.interaction())));
    }
    return TextTable.right(rows);
  }

  private static String number(double value) {
    return String.format(Locale.ROOT, "%.4f", value);
  }
}
