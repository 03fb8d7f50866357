package io.ablate.tools.command;

import io.ablate.base.Problem;
import io.ablate.base.UsageException;
import io.ablate.dataset.GradientSegments;
import io.ablate.evaluate.SampleGrid;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** What is compared: methods, sample sizes, targets, rows held out. */
final class CompareOptions {
  private static final String DEFAULT_METHODS =
      "least-squares,ridge,relu,hierarchical,hierarchical-logits,mask-gradient,integrated-gradient,"
          + "gradient-hierarchical,gradient-hierarchical-logits";
  private static final int FEWEST = 12;
  private static final int MOST = 3200;
  private static final int TIMES_COMPONENTS = 3;

  @Option(
      names = "--methods",
      order = 10,
      paramLabel = "NAMES",
      description = {
        "Estimators, separated by commas (default: "
            + DEFAULT_METHODS
            + ", those on gradients where the model can be differentiated): "
            + "${COMPLETION-CANDIDATES}."
      },
      completionCandidates = FitCommand.MethodNames.class)
  private @Nullable String methods;

  @Option(
      names = "--samples",
      order = 11,
      paramLabel = "LIST",
      description = {
        "Sample sizes, ascending, for example 50,100,200; more are put between neighbours that are"
            + " further apart than a factor of 1.41 (default: 12 to three times the number of"
            + " components, at most 3200)."
      })
  private @Nullable String samples;

  @Option(
      names = "--held-out",
      order = 12,
      paramLabel = "N",
      description = "Masks kept for scoring (default: 800; of a store: a third, at most 1500).")
  private @Nullable Integer heldOut;

  @Option(
      names = "--targets",
      order = 13,
      paramLabel = "LIST",
      defaultValue = "0.1,0.2,0.3,0.4,0.5,0.6,0.7",
      description = "LDS targets (default: 0.1,0.2,...,0.7).")
  private String targets = "";

  @Option(
      names = "--out",
      order = 14,
      paramLabel = "DIR",
      defaultValue = "ablate-report",
      description = "Folder of the report and its store (default: ablate-report).")
  Path out = Path.of("ablate-report");

  @Option(
      names = "--gradients",
      order = 15,
      paramLabel = "Q",
      defaultValue = "64",
      description =
          "Gradient passes per example to collect where a method wants them; 0 for none (default:"
              + " 64).")
  private int gradients = 64;

  @Option(
      names = "--soft",
      order = 15,
      paramLabel = "RHO",
      defaultValue = "0.2",
      description = "Share of soft mask entries in gradient passes (default: 0.2).")
  private double soft = 0.2;

  @Option(
      names = "--no-pictures",
      order = 15,
      description = "Leave the examples' pictures out of the report.")
  boolean noPictures;

  List<String> methods() {
    return CommonOptions.list(methods == null ? DEFAULT_METHODS : methods);
  }

  /** Whether the user named the methods: then none may be left out. */
  boolean namesMethods() {
    return methods != null;
  }

  /** Gradient passes to collect; 0 for none. */
  int gradients() {
    if (gradients != 0) {
      GradientSegments.requireRange(0, gradients);
    }
    return gradients;
  }

  /** Share of soft entries in their masks. */
  double soft() {
    return GradientOptions.requireShare(soft);
  }

  /** Ascending sample sizes; {@code columns} is n, {@code available} bounds the default. */
  int[] samples(int columns, int available) {
    if (samples == null) {
      int last = Math.min(available, Math.min(MOST, TIMES_COMPONENTS * Math.max(FEWEST, columns)));
      return SampleGrid.between(Math.min(FEWEST, last), last);
    }
    return SampleGrid.refine(
        numbers("--samples", samples).stream().mapToInt(Double::intValue).toArray());
  }

  int heldOut(int otherwise) {
    if (heldOut == null) {
      return otherwise;
    }
    if (heldOut < 2) {
      throw new UsageException(
          Problem.of("too few masks to score on")
              .at("--held-out")
              .expected("2 or more")
              .found(heldOut));
    }
    return heldOut;
  }

  double[] targets() {
    List<Double> values = numbers("--targets", targets);
    for (double value : values) {
      if (!(value > 0 && value < 1)) {
        throw new UsageException(
            Problem.of("wrong target").at("--targets").expected("between 0 and 1").found(value));
      }
    }
    return values.stream().sorted().distinct().mapToDouble(Double::doubleValue).toArray();
  }

  private static List<Double> numbers(String option, String text) {
    try {
      List<Double> values = CommonOptions.list(text).stream().map(Double::valueOf).toList();
      if (!values.isEmpty()) {
        return values;
      }
    } catch (NumberFormatException e) {
      throw new UsageException(wrong(option, text), e);
    }
    throw new UsageException(wrong(option, text));
  }

  private static Problem wrong(String option, String text) {
    return Problem.of("wrong value").at(option).expected("numbers separated by commas").found(text);
  }
}
