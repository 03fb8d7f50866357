package io.ablate.tools.command;

import io.ablate.backend.Backends;
import io.ablate.base.NpyFile;
import io.ablate.base.Problem;
import io.ablate.base.UsageException;
import io.ablate.component.ComponentDiscovery;
import io.ablate.component.ComponentRules;
import io.ablate.component.ComponentSet;
import io.ablate.component.ComponentSpec;
import io.ablate.forward.BatchOrder;
import io.ablate.forward.Precision;
import io.ablate.instrument.Ablation;
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
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
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
      names = "--ablation",
      order = 36,
      paramLabel = "NAME",
      defaultValue = "zero-weights",
      description =
          "zero-weights, zero-output, mean or constant (default: zero-weights, as COAR does).")
  private String ablation = "zero-weights";

  @Option(
      names = "--constant",
      order = 37,
      paramLabel = "FILE.npy",
      description = "For --ablation constant: the value of each component, one per column.")
  private @Nullable Path constant;

  @Option(
      names = "--reference",
      order = 37,
      paramLabel = "DATA",
      description = "For --ablation mean: the data to average over (default: that of --data).")
  private @Nullable String reference;

  @Option(
      names = "--reference-examples",
      order = 37,
      paramLabel = "N",
      defaultValue = "256",
      description = "How many of them, from the first (default: 256, or all there are).")
  private int referenceExamples = 256;

  @Option(
      names = "--labels",
      order = 38,
      paramLabel = "WHICH",
      defaultValue = "given",
      description =
          "The class that the output is about: given, predicted, or a class for all (default:"
              + " given).")
  private String labels = "given";

  @Option(
      names = "--order",
      order = 39,
      paramLabel = "NAME",
      description =
          "What fills a batch: masks or examples (default: what runs faster; on a GPU, what there is"
              + " more of).")
  private @Nullable String order;

  @Option(
      names = "--backend",
      order = 39,
      paramLabel = "NAME",
      defaultValue = Backends.AUTO,
      description =
          "What runs the passes: auto, or a backend that ablate doctor lists (default: auto, the"
              + " fastest that can run the model; of a store that is continued, its own).")
  private String backend = Backends.AUTO;

  @Option(
      names = "--batch",
      order = 40,
      paramLabel = "N",
      defaultValue = "0",
      description = "Rows per batch (default: what runs fastest; on a GPU, what fills it).")
  private int batch;

  @Option(
      names = "--memory",
      order = 41,
      paramLabel = "SIZE",
      description =
          "Bound on the process's memory, for example 2G (default: half of what is free).")
  private @Nullable String memory;

  @Option(
      names = "--precision",
      order = 42,
      paramLabel = "NAME",
      description =
          "What passes compute with: fp32, on a processor bf16, on a device tf32 or fp16, or auto for"
              + " bf16 or fp16 where that is fast and the model bears it (default: fp32; of a store"
              + " that is continued, its own).")
  private @Nullable String precision;

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

  int batch() {
    if (batch < 0 || batch > 1 << 16) {
      throw new UsageException(
          Problem.of("impossible batch").at("--batch").expected("1 to 65536").found(batch));
    }
    return batch;
  }

  /** What runs the passes, by name, or {@link Backends#AUTO}. */
  String backend() {
    Backends.requireForward(backend);
    return backend;
  }

  @Nullable BatchOrder order() {
    return order == null ? null : BatchOrder.of(order);
  }

  /** The bound in bytes, or {@code otherwise}. */
  long memory(long otherwise) {
    return memory == null ? otherwise : Sizes.parse("--memory", memory);
  }

  /** Whether the precision is to be found out. */
  boolean autoPrecision() {
    return Backends.AUTO.equals(precision);
  }

  /**
   * The precision of the passes; float32 where it is to be found out.
   *
   * @param otherwise if none was asked for
   */
  Precision precision(Precision otherwise) {
    String name = precision;
    if (name == null) {
      return otherwise;
    }
    return autoPrecision()
        ? Precision.FP32
        : Precision.named(name)
            .orElseThrow(
                () ->
                    new UsageException(
                        Problem.of("unknown precision")
                            .at("--precision")
                            .expected(Precision.labels(List.of(Precision.values())) + ", auto")
                            .found(name)));
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
    Ablation chosen = ablation();
    requireOnly("--constant", constant, chosen, Ablation.CONSTANT);
    requireOnly("--reference", reference, chosen, Ablation.MEAN);
    return InstrumentOptions.defaults()
        .ablation(chosen)
        .outputFunction(Objects.requireNonNullElse(output(), OutputFunction.MARGIN))
        .logits(logits)
        .reference(chosen == Ablation.CONSTANT ? constants(columns) : null)
        .withLogits(save.contains("logits"))
        .withActivationScale(save.contains("activation-scale"));
  }

  Ablation ablation() {
    return named("--ablation", ablation, Ablation.values(), Ablation::label);
  }

  /** The data that mean ablation averages over. */
  String reference(String otherwise) {
    return reference == null ? otherwise : reference;
  }

  /** How many of the {@code available} examples mean ablation averages over. */
  int referenceExamples(int available) {
    if (referenceExamples < 1) {
      throw new UsageException(
          Problem.of("wrong number of examples")
              .at("--reference-examples")
              .expected("1 or more")
              .found(referenceExamples));
    }
    return Math.min(available, referenceExamples);
  }

  private void requireOnly(
      String option, @Nullable Object value, Ablation chosen, Ablation needed) {
    if (value != null && chosen != needed) {
      throw new UsageException(
          Problem.of(option + " is for --ablation " + needed.label())
              .found("--ablation " + ablation));
    }
  }

  private float[] constants(int columns) {
    if (constant == null) {
      throw new UsageException(
          Problem.of("--ablation constant needs --constant FILE.npy, one value per component"));
    }
    try (NpyFile npy = NpyFile.open(constant).requireShape(columns)) {
      double[] values = npy.rows(0, columns);
      float[] floats = new float[columns];
      for (int i = 0; i < columns; i++) {
        floats[i] = (float) values[i];
      }
      return floats;
    }
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

  private static <T> T named(String option, String name, T[] all, Function<T, String> label) {
    return Arrays.stream(all)
        .filter(one -> label.apply(one).equals(name.toLowerCase(Locale.ROOT)))
        .findFirst()
        .orElseThrow(
            () ->
                new UsageException(
                    Problem.of("unknown name")
                        .at(option)
                        .expected(String.join(", ", Arrays.stream(all).map(label).toList()))
                        .found(name)));
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
