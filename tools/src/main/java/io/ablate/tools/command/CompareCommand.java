package io.ablate.tools.command;

import io.ablate.backend.FitBackends;
import io.ablate.base.InterruptedRunException;
import io.ablate.base.Problem;
import io.ablate.dataset.Collector;
import io.ablate.dataset.ComponentDataset;
import io.ablate.estimate.Estimator;
import io.ablate.estimate.FitContext;
import io.ablate.evaluate.Comparison;
import io.ablate.evaluate.ComparisonData;
import io.ablate.evaluate.GradientOffer;
import io.ablate.tools.ConsoleProgress;
import io.ablate.tools.report.ReportContent;
import io.ablate.tools.report.ReportFiles;
import io.ablate.tools.report.TargetTable;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** The main job: how many forward passes does each method need? */
@Command(
    name = "compare",
    sortOptions = false,
    abbreviateSynopsis = true,
    description = {
      "Find how many ablated forward passes each method needs: collect, fit, score, report.",
      "Without arguments on the bundled model and data. Ctrl-C keeps what is done; the same command"
          + " goes on."
    },
    footer = {
      "",
      "Examples:  ablate compare",
      "           ablate compare model.onnx --data imagefolder:photos --examples 0-9 --out report",
      "           ablate compare store --methods least-squares,ridge --samples 100,1600 --output"
          + " loss"
    })
final class CompareCommand extends Subcommand {
  /** Whatever the methods: so the store serves any others, and any output, in a later run. */
  private static final List<String> SAVED = List.of("activation-scale", "logits");

  private static final int HELD_OUT = 800;

  @Parameters(
      arity = "0..1",
      paramLabel = "MODEL|STORE",
      description =
          "An ONNX file, bundled:NAME, or a collected store (default: bundled:shapes-resnet).")
  private @Nullable String subject;

  @Mixin private final CompareOptions compare = new CompareOptions();
  @Mixin private final DataOptions data = new DataOptions();
  @Mixin private final CollectOptions collect = new CollectOptions();
  @Mixin private final ModelOptions modelOptions = new ModelOptions();
  @Mixin private final LinalgOption linalg = new LinalgOption();

  @Override
  void run(ConsoleProgress progress) {
    List<Estimator> methods = FitCommand.estimators(compare.methods());
    ComparedMethods chooser = new ComparedMethods(compare);
    double[] targets = compare.targets();
    FitBackends backends = linalg.select(common);
    try {
      Path file =
          subject == null ? ModelArgument.standard() : ModelArgument.file(subject, Path.of(""));
      if (Files.isDirectory(file)) {
        fromStore(file, methods, chooser, targets, backends, progress);
      } else {
        fromModel(file, methods, chooser, targets, backends, progress);
      }
    } catch (InterruptedRunException e) {
      throw new InterruptedRunException(
          Problem.of("interrupted")
              .at(compare.out)
              .remedy("what was collected is kept; the same command goes on from there"),
          e);
    }
  }

  private void fromModel(
      Path model,
      List<Estimator> methods,
      ComparedMethods chooser,
      double[] targets,
      FitBackends backends,
      ConsoleProgress progress) {
    try (Workbench bench =
        Workbench.open(model, modelOptions, data, collect, common, SAVED, progress)) {
      int columns = bench.model().components().size();
      int[] samples = compare.samples(columns, bench.designRows());
      int training = samples[samples.length - 1];
      Path store = compare.out.resolve("store");
      PassClock clock = new PassClock(progress);
      ComparedMethods.Choice possible = chooser.choose(methods, bench);
      Collector.Result collected =
          Collector.run(
              possible.added(bench.comparison(store, training, compare.heldOut(HELD_OUT))), clock);
      try (ComponentDataset dataset = ComponentDataset.open(store)) {
        double secondsPerRow = clock.secondsPerPass() * dataset.examples();
        ComparedRows rows = ComparedRows.collected(dataset, training);
        ComparedMethods.Fitted fitted = chooser.fitted(possible, dataset, rows.rows());
        Comparison.Outcome outcome =
            fit(dataset, fitted, rows, samples, secondsPerRow, targets, backends, progress);
        ReportBuilder report =
            new ReportBuilder(dataset, outcome, backends, compare, common)
                .passes(collected, clock.secondsPerPass())
                .notes(notes(rows, fitted.choice()))
                .bench(bench, collect);
        publish(report);
      }
    }
  }

  private void fromStore(
      Path store,
      List<Estimator> methods,
      ComparedMethods chooser,
      double[] targets,
      FitBackends backends,
      ConsoleProgress progress) {
    try (ComponentDataset dataset = ComponentDataset.open(store, collect.output())) {
      ComparedRows rows = ComparedRows.of(dataset, compare);
      int[] samples = compare.samples(dataset.columns(), rows.training());
      ComparedMethods.Choice possible = chooser.choose(methods, dataset);
      ComparedMethods.Fitted fitted = chooser.fitted(possible, dataset, rows.rows());
      Comparison.Outcome outcome =
          fit(dataset, fitted, rows, samples, Double.NaN, targets, backends, progress);
      publish(
          new ReportBuilder(dataset, outcome, backends, compare, common)
              .notes(notes(rows, fitted.choice())));
    }
  }

  private static List<String> notes(ComparedRows rows, ComparedMethods.Choice choice) {
    return Stream.concat(rows.notes().stream(), choice.notes().stream()).toList();
  }

  private Comparison.Outcome fit(
      ComponentDataset dataset,
      ComparedMethods.Fitted fitted,
      ComparedRows rows,
      int[] samples,
      double secondsPerRow,
      double[] targets,
      FitBackends backends,
      ConsoleProgress progress) {
    FitContext context = backends.context(common.seed, progress, common.threads());
    return Comparison.run(
        new ComparisonData(
            fitted.data(),
            rows.training(),
            fitted.data().rows(),
            secondsPerRow,
            GradientOffer.of(dataset),
            rows.independent()),
        fitted.choice().methods(),
        samples,
        targets,
        context);
  }

  private void publish(ReportBuilder builder) {
    ReportContent content = builder.build();
    ReportFiles.write(compare.out, content);
    print(content.result(), () -> text(content));
  }

  private String text(ReportContent content) {
    TargetTable table = new TargetTable(content.result());
    return table.headline()
        + "\n\nAblated "
        + table.unit()
        + " per example needed for a mean LDS of"
        + (table.baselines().size() > 1
            ? " (in brackets the change against " + String.join(" and ", table.baselines()) + ")"
            : "")
        + "\n\n"
        + table.text()
        + notes(content.notes())
        + "\nReport: "
        + compare.out.resolve("report.html")
        + "\n";
  }

  private static String notes(List<String> notes) {
    return notes.stream().map(note -> "\n" + note).collect(Collectors.joining()) + "\n";
  }
}
