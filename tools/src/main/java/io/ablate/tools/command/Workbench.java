package io.ablate.tools.command;

import io.ablate.backend.PrecisionCheck;
import io.ablate.base.BadInputException;
import io.ablate.base.Problem;
import io.ablate.base.Progress;
import io.ablate.base.UsageException;
import io.ablate.component.ComponentSet;
import io.ablate.dataset.CollectRequest;
import io.ablate.dataset.ExampleCache;
import io.ablate.dataset.Manifest;
import io.ablate.differentiate.MaskGradients;
import io.ablate.example.Example;
import io.ablate.example.ExampleSource;
import io.ablate.example.ExampleSources;
import io.ablate.example.ModelSidecar;
import io.ablate.forward.ForwardOptions;
import io.ablate.forward.MeanReference;
import io.ablate.forward.Precision;
import io.ablate.instrument.Ablation;
import io.ablate.instrument.ExampleInput;
import io.ablate.instrument.InstrumentOptions;
import io.ablate.instrument.InstrumentedModel;
import io.ablate.instrument.Instrumenter;
import io.ablate.mask.ComparisonMasks;
import io.ablate.mask.MaskDesign;
import io.ablate.mask.MaskDesigns;
import io.ablate.onnx.OnnxGraph;
import io.ablate.onnx.OnnxModel;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.ToIntFunction;

/** A model made ready: components found, instrumented, examples opened, masks designed. */
final class Workbench implements AutoCloseable {
  /** Stands for as many rows as the masks of a file have. */
  static final int ALL_ROWS = -1;

  private final OnnxModel plain;
  private final ModelSidecar sidecar;
  private final InstrumentOptions how;
  private final InstrumentedModel model;
  private final ExampleSource source;
  private final int[] examples;
  private final MaskDesign design;
  private final CollectOptions options;
  private final int threads;
  private final String device;
  private final long seed;

  private Workbench(
      OnnxModel plain,
      ModelSidecar sidecar,
      InstrumentOptions how,
      InstrumentedModel model,
      ExampleSource source,
      int[] examples,
      MaskDesign design,
      CollectOptions options,
      CommonOptions common) {
    this.plain = plain;
    this.sidecar = sidecar;
    this.how = how;
    this.model = model;
    this.source = source;
    this.examples = examples;
    this.design = design;
    this.options = options;
    this.threads = common.threads();
    this.device = common.device();
    this.seed = common.seed;
  }

  /**
   * Opens everything, cheapest checks first.
   *
   * @param save what is stored besides the outputs
   */
  static Workbench open(
      Path modelFile,
      ModelOptions modelOptions,
      DataOptions data,
      CollectOptions options,
      CommonOptions common,
      List<String> save,
      Progress progress) {
    common.requirePasses();
    options.requireMasks();
    options.passes().precision(Precision.FP32);
    options.passes().backend();
    int[] examples = data.selection();
    OnnxModel onnx = OnnxModel.read(modelFile);
    ModelSidecar sidecar = modelOptions.sidecarOf(modelFile);
    OnnxGraph graph = onnx.graph();
    ComponentSet components = options.components(graph, sidecar.output());
    InstrumentOptions how = options.instrument(sidecar.output(), components.size(), save);
    if (how.ablation() == Ablation.MEAN) {
      long[] shape = extents(Instrumenter.meanOutputs(onnx, components).example());
      try (ExampleSource reference =
          ExampleSources.open(options.ablation().reference(data.data), sidecar, shape)) {
        how =
            how.reference(
                MeanReference.measure(
                    onnx,
                    components,
                    reference,
                    options.ablation().referenceExamples(reference.size()),
                    common.threads(),
                    progress));
      }
    }
    InstrumentedModel model = Instrumenter.instrument(onnx, components, how);
    MaskDesign design = options.masks(common.seed, components.size());
    ExampleSource source = ExampleSources.open(data.data, sidecar, extents(model.example()));
    return new Workbench(onnx, sidecar, how, model, source, examples, design, options, common);
  }

  /** The extents of one example. */
  private static long[] extents(ExampleInput input) {
    return Arrays.copyOfRange(input.shape(), 1, input.shape().length);
  }

  ModelSidecar sidecar() {
    return sidecar;
  }

  InstrumentedModel model() {
    return model;
  }

  ExampleSource source() {
    return source;
  }

  int[] examples() {
    return examples.clone();
  }

  /** Rows that the design of masks has; {@link Integer#MAX_VALUE} where there is no end. */
  int designRows() {
    return (int) Math.min(Integer.MAX_VALUE, design.rows());
  }

  /** Whether rows are known not to be independent Bernoulli draws. */
  boolean dependentDesign() {
    return MaskDesigns.isDependent(design.provenance());
  }

  /**
   * The request to collect what a comparison needs, or to go on with it: rows to fit on, then rows
   * to score on. The latter are independent Bernoulli draws whatever the design; of masks from a
   * file, the file's.
   */
  CollectRequest comparison(Path store, int training, int heldOut) {
    MaskDesign masks =
        dependentDesign()
            ? new ComparisonMasks(
                design, training, options.independentMasks(seed, design.columns()))
            : design;
    return request(masks, store, 0, training + heldOut, true);
  }

  /** The request to collect {@code rows} rows, or {@link #ALL_ROWS}. */
  CollectRequest request(Path store, long firstRow, int rows, boolean resume) {
    return request(design, store, firstRow, rows, resume);
  }

  private ChosenPasses passes(Path store, boolean resume) {
    long[] shape = source.load(examples[0]).shape();
    return ChosenPasses.of(
        options,
        device,
        model,
        new ForwardOptions(threads, shape),
        this::fewExamples,
        resume ? Manifest.ofStore(store) : null);
  }

  /** With the classes that their outputs are about. */
  private List<Example> fewExamples() {
    int count = Math.min(PrecisionCheck.EXAMPLES, examples.length);
    int[] few = Arrays.copyOf(examples, count);
    return new ExampleCache(source, few, labels(), model.classes()).first(count);
  }

  private CollectRequest request(
      MaskDesign masks, Path store, long firstRow, int rows, boolean resume) {
    int count = rows;
    if (rows == ALL_ROWS) {
      long available = masks.rows();
      if (available == Long.MAX_VALUE) {
        throw new UsageException(Problem.of("how many masks?").remedy("give --masks N"));
      }
      count = Math.toIntExact(available - firstRow);
    }
    ChosenPasses passes = passes(store, resume);
    CollectRequest.Settings settings = CollectRequest.Settings.defaults();
    settings =
        settings
            .threads(threads)
            .backend(passes.backend(), passes.report())
            .precision(passes.precision())
            .batch(options.passes().order(), options.passes().batch())
            .memoryBytes(options.passes().memory(settings.memoryBytes()));
    return new CollectRequest(
        store, model, masks, firstRow, count, source, examples, labels(), resume, settings);
  }

  /** Gradient passes, by the gradient of the instrumented model. */
  CollectRequest.Gradients gradients(int first, int passes, double soft) {
    return new CollectRequest.Gradients(
        MaskGradients.of(model),
        options.gradientMasks(seed, soft, model.components().size()),
        first,
        passes,
        0);
  }

  /** The class that an example's output is about. */
  private ToIntFunction<Example> labels() {
    String which = options.labels();
    if (which.equals("given")) {
      return Example::label;
    }
    if (!which.equals("predicted")) {
      int label = namedClass(which);
      return example -> label;
    }
    Map<Integer, Integer> predicted = new HashMap<>();
    try (Unablated unablated = unablated()) {
      for (int position : examples) {
        predicted.put(position, unablated.of(source.load(position), 0).predicted());
      }
    }
    return example -> Objects.requireNonNull(predicted.get(example.index()));
  }

  /** The model without masks, for predictions. */
  Unablated unablated() {
    InstrumentOptions withLogits = how.withActivationScale(false).withLogits(true);
    return new Unablated(
        Instrumenter.instrument(plain, model.components(), withLogits),
        source.load(examples[0]).shape(),
        threads);
  }

  private int namedClass(String which) {
    int named = sidecar.classes().indexOf(which);
    if (named >= 0) {
      return named;
    }
    int classes = model.classes();
    if (which.matches("\\d{1,9}") && (classes < 0 || Integer.parseInt(which) < classes)) {
      return Integer.parseInt(which);
    }
    throw new UsageException(
        Problem.of("unknown class")
            .at("--labels")
            .expected(
                "given, predicted, "
                    + (classes < 0 ? "a number" : "0 to " + (classes - 1))
                    + (sidecar.classes().isEmpty() ? "" : " or one of " + sidecar.classes()))
            .found(which));
  }

  @Override
  public void close() {
    source.close();
    if (design instanceof AutoCloseable file) {
      try {
        file.close();
      } catch (Exception e) {
        throw new BadInputException(Problem.of("cannot close the masks").found(e), e);
      }
    }
  }
}
