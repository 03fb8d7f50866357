package io.ablate.tools.command;

import io.ablate.base.Problem;
import io.ablate.base.UsageException;
import io.ablate.example.Layout;
import io.ablate.example.ModelSidecar;
import io.ablate.example.Preprocessing;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** How a model's input is made: the sidecar, and flags that override it. */
final class ModelOptions {
  @Option(
      names = "--sidecar",
      order = 60,
      paramLabel = "FILE",
      description = "Input and classes of the model (default: MODEL.json beside it).")
  private @Nullable Path sidecar;

  @Option(
      names = "--layout",
      order = 61,
      paramLabel = "NAME",
      description = "NCHW or NHWC; overrides the sidecar, as do the next five.")
  private @Nullable String layout;

  @Option(
      names = "--range",
      order = 62,
      paramLabel = "LOW,HIGH",
      description = "What black and white become before mean and std.")
  private @Nullable String range;

  @Option(
      names = "--mean",
      order = 63,
      paramLabel = "A,B,C",
      description = "Subtracted, per channel.")
  private @Nullable String mean;

  @Option(
      names = "--std",
      order = 64,
      paramLabel = "A,B,C",
      description = "Divided by, per channel.")
  private @Nullable String std;

  @Option(
      names = "--resize",
      order = 65,
      paramLabel = "PIXELS",
      description = "Shorter side of a picture.")
  private @Nullable Integer resize;

  @Option(names = "--crop", order = 66, paramLabel = "PIXELS", description = "Centre crop.")
  private @Nullable Integer crop;

  @Option(
      names = "--logits",
      order = 67,
      paramLabel = "NAME",
      description = "Output that holds the logits (default: the sidecar's, else the first).")
  private @Nullable String logits;

  /** The sidecar of {@code model}, overridden by the flags that were given. */
  ModelSidecar sidecarOf(Path model) {
    ModelSidecar read = sidecar == null ? ModelSidecar.of(model) : ModelSidecar.read(sidecar);
    if (logits != null) {
      read = read.withOutput(logits);
    }
    if (layout == null
        && range == null
        && mean == null
        && std == null
        && resize == null
        && crop == null) {
      return read;
    }
    Preprocessing base = read.preprocessing() == null ? Preprocessing.UNIT : read.preprocessing();
    List<Double> bounds = numbers("--range", range, List.of(base.low(), base.high()));
    if (bounds.size() != 2 || bounds.get(0) >= bounds.get(1)) {
      throw wrong("--range", "two numbers, the smaller first", range);
    }
    List<Double> deviations = numbers("--std", std, base.std());
    if (deviations.stream().anyMatch(value -> value <= 0)) {
      throw wrong("--std", "positive numbers", std);
    }
    return read.withPreprocessing(
        new Preprocessing(
            layout == null ? base.layout() : layout(layout),
            bounds.get(0),
            bounds.get(1),
            numbers("--mean", mean, base.mean()),
            deviations,
            resize == null ? base.resize() : pixels("--resize", resize),
            crop == null ? base.crop() : pixels("--crop", crop)));
  }

  private static Integer pixels(String option, Integer count) {
    if (count < 1) {
      throw wrong(option, "a positive number of pixels", count.toString());
    }
    return count;
  }

  private static Layout layout(String name) {
    return switch (name) {
      case "NCHW", "nchw" -> Layout.NCHW;
      case "NHWC", "nhwc" -> Layout.NHWC;
      default -> throw wrong("--layout", "NCHW or NHWC", name);
    };
  }

  private static List<Double> numbers(
      String option, @Nullable String text, List<Double> otherwise) {
    if (text == null) {
      return otherwise;
    }
    try {
      List<Double> values = CommonOptions.list(text).stream().map(Double::valueOf).toList();
      if (!values.isEmpty() && values.stream().allMatch(Double::isFinite)) {
        return values;
      }
    } catch (NumberFormatException e) {
      // worded below
    }
    throw wrong(option, "numbers separated by commas", text);
  }

  private static UsageException wrong(String option, String expected, @Nullable String found) {
    return new UsageException(
        Problem.of("wrong value").at(option).expected(expected).found(String.valueOf(found)));
  }
}
