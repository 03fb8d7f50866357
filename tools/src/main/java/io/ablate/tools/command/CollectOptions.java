package io.ablate.tools.command;

import io.ablate.component.ComponentDiscovery;
import io.ablate.component.ComponentRules;
import io.ablate.component.ComponentSet;
import io.ablate.component.ComponentSpec;
import io.ablate.instrument.InstrumentOptions;
import io.ablate.instrument.OutputFunction;
import io.ablate.mask.BernoulliMasks;
import io.ablate.mask.FileMasks;
import io.ablate.mask.GradientMasks;
import io.ablate.mask.MaskDesign;
import io.ablate.mask.MaskDesigns;
import io.ablate.onnx.OnnxGraph;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/**
 * What is ablated, what is measured and how the passes are made: shared by plan, collect, compare.
 */
final class CollectOptions {
  @Option(
      names = "--components",
      order = 30,
      paramLabel = "RULE",
      defaultValue = "",
      description = {
        "What to ablate: kinds and globs on names, separated by commas, ! excludes (default: all"
            + " convolution filters and neurons); or a JSON file of groups.",
        "For example conv-filter,!layer4*"
      })
  private String components = "";

  @Option(
      names = "--include-output",
      order = 31,
      description = "Ablate the output layer's neurons too.")
  private boolean includeOutput;

  @Option(
      names = "--keep",
      order = 32,
      paramLabel = "P",
      defaultValue = "0.9",
      description = "Probability of keeping a component (default: 0.9).")
  private double keep = 0.9;

  @Option(
      names = "--design",
      order = 33,
      paramLabel = "NAME",
      defaultValue = MaskDesigns.DEFAULT,
      description =
          "Masks: bernoulli, fixed-size, block-balanced or leave-one-out (default: bernoulli).")
  private String design = MaskDesigns.DEFAULT;

  @Option(
      names = "--masks-file",
      order = 34,
      paramLabel = "M.npy",
      description = "Masks from a file, rows x components, instead of drawn ones.")
  private @Nullable Path masksFile;

  @Option(
      names = "--output",
      order = 35,
      paramLabel = "NAME",
      description =
          "The scalar: margin, margin-logsumexp, logit, log-prob or loss (default: margin; of a"
              + " store, what it holds).")
  private @Nullable String output;

  @Option(
      names = "--labels",
      order = 38,
      paramLabel = "WHICH",
      defaultValue = "given",
      description =
          "The class that the output is about: given, predicted, or a class for all (default:"
              + " given).")
  private String labels = "given";

  @Mixin private final AblationOptions ablation = new AblationOptions();
  @Mixin private final PassOptions passes = new PassOptions();

  AblationOptions ablation() {
    return ablation;
  }

  PassOptions passes() {
    return passes;
  }

  /** The output function asked for; null if none was. */
  @Nullable OutputFunction output() {
    return output == null ? null : OutputOption.parse(output);
  }

  String labels() {
    return labels;
  }

  boolean fromFile() {
    return masksFile != null;
  }

  /** Probability of keeping a component. */
  double keep() {
    return keep;
  }

  ComponentSet components(OnnxGraph graph, @Nullable String logits) {
    if (components.endsWith(".json") || Files.isRegularFile(path(components))) {
      return ComponentSpec.read(path(components)).resolve(graph);
    }
    ComponentRules rules = ComponentRules.parse(components);
    return ComponentDiscovery.discover(graph, includeOutput ? rules.withOutput() : rules, logits);
  }

  /** As the manifest of a comparison words the choice of components. */
  String componentRule() {
    String rule = components.isEmpty() ? "all" : components;
    return includeOutput ? rule + ", include-output" : rule;
  }

  /**
   * How to instrument; for mean ablation with the reference still to be measured.
   *
   * @param columns number of components
   */
  InstrumentOptions instrument(@Nullable String logits, int columns, List<String> save) {
    return InstrumentOptions.defaults()
        .ablation(ablation.chosen())
        .outputFunction(Objects.requireNonNullElse(output(), OutputFunction.MARGIN))
        .logits(logits)
        .reference(ablation.constants(columns))
        .withLogits(save.contains("logits"))
        .withActivationScale(save.contains("activation-scale"));
  }

  /** The masks, as wide as {@code columns}; close it where it can be closed. */
  MaskDesign masks(long seed, int columns) {
    if (masksFile != null) {
      return FileMasks.open(masksFile, columns);
    }
    return MaskDesigns.named(design, seed, keep, columns);
  }

  /** Independent Bernoulli masks, whatever the design. */
  MaskDesign independentMasks(long seed, int columns) {
    return new BernoulliMasks(seed, keep, columns);
  }

  /** Masks of gradient passes. */
  GradientMasks gradientMasks(long seed, double soft, int columns) {
    return new GradientMasks(seed, keep, soft, columns);
  }

  /** Checks {@code --keep} and {@code --design} before any work. */
  void requireMasks() {
    new BernoulliMasks(0, keep, 1);
    MaskDesigns.requireName(design);
  }

  private static Path path(String text) {
    try {
      return Path.of(text);
    } catch (java.nio.file.InvalidPathException e) {
      // A glob that is no path on this system.
      return Path.of("");
    }
  }
}
