package io.ablate;

import io.ablate.backend.Backends;
import io.ablate.backend.FitBackends;
import io.ablate.base.BadInputException;
import io.ablate.base.InterruptedRunException;
import io.ablate.base.Problem;
import io.ablate.base.Progress;
import io.ablate.base.UsageException;
import io.ablate.component.ComponentDiscovery;
import io.ablate.component.ComponentSet;
import io.ablate.differentiate.DifferentiatedModel;
import io.ablate.differentiate.MaskGradients;
import io.ablate.estimate.ComponentModels;
import io.ablate.estimate.Costs;
import io.ablate.estimate.Estimator;
import io.ablate.estimate.Estimators;
import io.ablate.estimate.FitContext;
import io.ablate.estimate.Intervals;
import io.ablate.estimate.Spending;
import io.ablate.estimate.TrainingData;
import io.ablate.evaluate.Lds;
import io.ablate.example.ModelSidecar;
import io.ablate.instrument.InstrumentOptions;
import io.ablate.instrument.InstrumentedModel;
import io.ablate.instrument.Instrumenter;
import io.ablate.mask.BernoulliMasks;
import io.ablate.mask.MaskDesign;
import io.ablate.mask.MaskMatrix;
import io.ablate.onnx.OnnxModel;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A model opened for attribution: which of its components carry a prediction.
 *
 * <pre>{@code
 * try (Ablate ablate = Ablate.open(Path.of("model.onnx"))) {
 *   Attribution attribution = ablate.attribute(input, label, 100);
 *   attribution.top(10).forEach(System.out::println);
 * }
 * }</pre>
 *
 * <p>Thread-safe: any number of threads, virtual ones too, may attribute at once; as many as there
 * are processors, and at least two, run passes, the others wait for their turn. {@link #close()}
 * waits for all. The same arguments always give the same result.
 */
public final class Ablate implements AutoCloseable {
  /** Of one call, whose masks and outputs are in memory at once. */
  private static final int MOST_PASSES = 1_000_000;

  private final ModelSettings settings;
  private final InstrumentedModel model;
  private final ExamplePasses passes;
  private final Estimator estimator;
  private final FitBackends fits;
  private final ReentrantReadWriteLock lifetime = new ReentrantReadWriteLock();
  private boolean closed;

  private Ablate(
      ModelSettings settings, InstrumentedModel model, Estimator estimator, ExamplePasses passes) {
    this.settings = settings;
    this.model = model;
    this.estimator = estimator;
    this.passes = passes;
    this.fits = FitBackends.select(Backends.AUTO, settings.linalg(), settings.threads());
  }

  /** Opens a model with {@link ModelSettings#defaults()}. */
  public static Ablate open(Path model) {
    return open(model, ModelSettings.defaults());
  }

  /**
   * Reads, instruments and loads a model.
   *
   * @param model an ONNX file with one input, and logits as its first output or as the one that a
   *     sidecar beside it names
   * @throws BadInputException if the file cannot be used; the message says why
   * @throws UsageException if a setting is impossible
   */
  public static Ablate open(Path model, ModelSettings settings) {
    OnnxModel onnx = OnnxModel.read(model);
    String logits = ModelSidecar.of(model).output();
    ComponentSet components =
        ComponentDiscovery.discover(onnx.graph(), settings.components(), logits);
    InstrumentedModel instrumented =
        Instrumenter.instrument(
            onnx,
            components,
            InstrumentOptions.defaults()
                .ablation(settings.ablation())
                .outputFunction(settings.output())
                .logits(logits)
                .withActivationScale(true));
    Estimator estimator = Estimators.byName(settings.method());
    ExamplePasses passes =
        new ExamplePasses(instrumented, differentiated(instrumented, estimator), settings);
    try {
      return new Ablate(settings, instrumented, estimator, passes);
    } catch (RuntimeException e) {
      passes.close();
      throw e;
    }
  }

  /**
   * Null where the method takes no gradients, or the model has none and the method can do without.
   */
  private static @Nullable DifferentiatedModel differentiated(
      InstrumentedModel model, Estimator estimator) {
    if (!estimator.usesGradients()) {
      return null;
    }
    try {
      return MaskGradients.of(model);
    } catch (BadInputException e) {
      int many = 1000;
      Costs withoutGradients =
          new Costs(1, model.components().size(), many, new int[0], false, false, true);
      if (estimator.spending(many, withoutGradients).isEmpty()) {
        throw e;
      }
      return null;
    }
  }

  /** What can be ablated, in the order of the effects. */
  public ComponentSet components() {
    return model.components();
  }

  /**
   * Attributes one prediction to the components.
   *
   * @param input the example as the model takes it, without the batch axis, in C order
   * @param label the class whose score is explained
   * @param budget pass equivalents to spend: ablated forward passes, and passes of the gradient,
   *     forward and backward, at {@value ExamplePasses#GRADIENT_PRICE} each; more are more
   *     accurate. 50 to 100 are a good start where the method takes gradients, about the number of
   *     components where it does not, {@value #MOST_PASSES} the most
   * @throws BadInputException if an output is not a finite number
   * @throws UsageException if input, label or budget do not suit the model and the method
   * @throws InterruptedRunException if the thread is interrupted; it stays so
   * @throws IllegalStateException after {@link #close()}
   */
  public Attribution attribute(float[] input, int label, int budget) {
    return attribute(input, label, budget, 0);
  }

  /**
   * As {@link #attribute(float[], int, int)}, with standard errors from further fits to the same
   * passes. They need passes that can be drawn again: no gradients are used.
   *
   * @param refits how many, {@value Intervals#FEWEST_REFITS} or more, 100 are plenty; 0 for the
   *     method's own standard errors if it has any
   */
  public Attribution attribute(float[] input, int label, int budget, int refits) {
    checkExample(input, label);
    requireAtMost("budget", budget);
    if (refits != 0) {
      Intervals.requireEnough(refits);
    }
    Spending bought =
        estimator
            .spending(budget, passes.costs(budget, refits == 0))
            .orElseThrow(
                () ->
                    new UsageException(
                        Problem.of("too few passes for method " + estimator.name())
                            .expected(refits == 0 ? "more" : "a method on forward passes, or more")
                            .found(budget)));
    TrainingData data = whileOpen(() -> passes.buy(bought, input, label));
    FitContext context =
        fits.context(settings.seed(), Progress.NONE, Runtime.getRuntime().availableProcessors());
    ComponentModels fit = estimator.fit(data, context);
    double @Nullable [][] errors =
        refits == 0
            ? fit.standardErrors()
            : Intervals.of(estimator, fit, data, refits, context).standardErrors();
    return new Attribution(
        model.components(),
        Objects.toString(fit.diagnostics().getOrDefault("chosen", fit.method())),
        fit.attributions()[0],
        errors == null ? null : errors[0],
        fit.intercepts()[0],
        budget);
  }

  /**
   * How well an attribution predicts masks that it has not seen: the linear datamodeling score, the
   * rank correlation of predicted and true outputs.
   *
   * @param attribution of the same input, label and components
   * @param masks fresh masks to spend, a few hundred; 2 to {@value #MOST_PASSES}
   * @return from −1 to 1
   * @throws BadInputException if an output is not a finite number
   * @throws UsageException if the attribution is of other components, or input, label or masks do
   *     not suit
   * @throws InterruptedRunException if the thread is interrupted; it stays so
   * @throws IllegalStateException after {@link #close()}
   */
  public double score(Attribution attribution, float[] input, int label, int masks) {
    checkExample(input, label);
    requireAtMost("masks", masks);
    if (masks < 2) {
      throw new UsageException(
          Problem.of("too few masks for a rank correlation").expected("2 or more").found(masks));
    }
    if (!attribution.components().equals(components())) {
      throw new UsageException(
          Problem.of("the attribution is of another model, or of other components of it")
              .expected("the " + components().size() + " components of this one")
              .found(attribution.components().size() + " others"));
    }
    int first = attribution.passes();
    double[] truth = whileOpen(() -> passes.outputs(input, label, first, masks));
    ComponentModels fit =
        new ComponentModels(
            attribution.method(),
            new double[][] {attribution.effects()},
            new double[] {attribution.intercept()},
            Map.of());
    MaskDesign design =
        new BernoulliMasks(settings.seed(), settings.keep(), model.components().size());
    double[] predicted = fit.predict(MaskMatrix.of(design, first, masks))[0];
    return Lds.spearman(predicted, truth);
  }

  private <T> T whileOpen(Supplier<T> work) {
    lifetime.readLock().lock();
    try {
      if (closed) {
        throw new IllegalStateException("this Ablate is closed");
      }
      return work.get();
    } finally {
      lifetime.readLock().unlock();
    }
  }

  private static void requireAtMost(String what, int passes) {
    if (passes > MOST_PASSES) {
      throw new UsageException(
          Problem.of("too many passes")
              .at(what)
              .expected(MOST_PASSES + " at the most")
              .found(passes));
    }
  }

  private void checkExample(float[] input, int label) {
    long elements = model.example().elements();
    if (elements >= 0 && input.length != elements) {
      throw new UsageException(
          Problem.of("input of the wrong size")
              .expected(elements + " values, " + Arrays.toString(model.example().shape()))
              .found(input.length));
    }
    if (label < 0 || model.classes() >= 0 && label >= model.classes()) {
      throw new UsageException(
          Problem.of("label out of range").expected("0 to " + (model.classes() - 1)).found(label));
    }
  }

  /** Releases the session after the calls in progress; closing twice does nothing. */
  @Override
  public void close() {
    lifetime.writeLock().lock();
    try {
      if (closed) {
        return;
      }
      closed = true;
      passes.close();
    } finally {
      lifetime.writeLock().unlock();
    }
  }
}
