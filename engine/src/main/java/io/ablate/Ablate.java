package io.ablate;

import io.ablate.backend.Backends;
import io.ablate.base.BadInputException;
import io.ablate.base.InterruptedRunException;
import io.ablate.base.Problem;
import io.ablate.base.Progress;
import io.ablate.base.UsageException;
import io.ablate.component.ComponentDiscovery;
import io.ablate.component.ComponentSet;
import io.ablate.estimate.ComponentModels;
import io.ablate.estimate.Estimator;
import io.ablate.estimate.Estimators;
import io.ablate.estimate.FitContext;
import io.ablate.estimate.Intervals;
import io.ablate.estimate.TrainingData;
import io.ablate.evaluate.Lds;
import io.ablate.example.ModelSidecar;
import io.ablate.forward.BatchShape;
import io.ablate.forward.ForwardBatch;
import io.ablate.forward.ForwardOptions;
import io.ablate.forward.ForwardSession;
import io.ablate.forward.OrtCpuBackend;
import io.ablate.instrument.InstrumentOptions;
import io.ablate.instrument.InstrumentedModel;
import io.ablate.instrument.Instrumenter;
import io.ablate.linalg.LinearAlgebra;
import io.ablate.mask.BernoulliMasks;
import io.ablate.mask.MaskDesign;
import io.ablate.mask.MaskMatrix;
import io.ablate.onnx.OnnxModel;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import org.jspecify.annotations.Nullable;

/**
 * A model opened for attribution: which of its components carry a prediction.
 *
 * <pre>{@code
 * try (Ablate ablate = Ablate.open(Path.of("model.onnx"))) {
 *   Attribution attribution = ablate.attribute(input, label, 800);
 *   attribution.top(10).forEach(System.out::println);
 * }
 * }</pre>
 *
 * <p>Thread-safe: any number of threads may attribute at once; {@link #close()} waits for them. The
 * same arguments always give the same result.
 */
public final class Ablate implements AutoCloseable {
  private final ModelSettings settings;
  private final InstrumentedModel model;
  private final ForwardSession session;
  private final MaskDesign design;
  private final Estimator estimator;
  private final LinearAlgebra algebra;
  private final ConcurrentLinkedQueue<ForwardBatch> idle = new ConcurrentLinkedQueue<>();
  private final ReentrantReadWriteLock lifetime = new ReentrantReadWriteLock();
  private boolean closed;

  private Ablate(ModelSettings settings, InstrumentedModel model, ForwardSession session) {
    this.settings = settings;
    this.model = model;
    this.session = session;
    this.design = new BernoulliMasks(settings.seed(), settings.keep(), model.components().size());
    this.estimator = Estimators.byName(settings.method());
    this.algebra = Backends.linearAlgebra(settings.linalg(), settings.threads()).backend();
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
                .logits(logits));
    long[] shape = instrumented.example().shape();
    ForwardSession session =
        new OrtCpuBackend()
            .open(
                instrumented,
                new ForwardOptions(settings.threads(), Arrays.copyOfRange(shape, 1, shape.length)));
    try {
      return new Ablate(settings, instrumented, session);
    } catch (RuntimeException e) {
      session.close();
      throw e;
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
   * @param passes ablated forward passes to spend; more are more accurate, about the number of
   *     components is a good start
   * @throws BadInputException if an output is not a finite number
   * @throws UsageException if input, label or number of passes do not suit the model
   * @throws InterruptedRunException if the thread is interrupted
   */
  public Attribution attribute(float[] input, int label, int passes) {
    return attribute(input, label, passes, 0);
  }

  /**
   * As {@link #attribute(float[], int, int)}, with standard errors from further fits to the same
   * passes.
   *
   * @param refits how many, {@value Intervals#FEWEST_REFITS} or more, 100 are plenty; 0 for the
   *     method's own standard errors if it has any
   */
  public Attribution attribute(float[] input, int label, int passes, int refits) {
    if (passes < 2) {
      throw new UsageException(Problem.of("too few passes").expected("at least 2").found(passes));
    }
    double[] outputs = outputs(input, label, 0, passes);
    TrainingData data =
        new TrainingData(
            MaskMatrix.of(design, 0, passes),
            new double[][] {outputs},
            model.components().layerOfColumn());
    FitContext context = new FitContext(algebra, settings.seed(), Progress.NONE);
    ComponentModels fit = estimator.fit(data, context);
    double @Nullable [][] errors =
        refits == 0
            ? fit.standardErrors()
            : Intervals.of(estimator, fit, data, refits, context).standardErrors();
    return new Attribution(
        model.components(),
        fit.attributions()[0],
        errors == null ? null : errors[0],
        fit.intercepts()[0],
        passes);
  }

  /**
   * How well an attribution predicts masks that it has not seen: the linear datamodeling score, the
   * rank correlation of predicted and true outputs.
   *
   * @param attribution of the same input and label
   * @param masks fresh masks to spend, a few hundred
   * @return from −1 to 1
   */
  public double score(Attribution attribution, float[] input, int label, int masks) {
    double[] truth = outputs(input, label, attribution.passes(), masks);
    ComponentModels fit =
        new ComponentModels(
            settings.method(),
            new double[][] {attribution.effects()},
            new double[] {attribution.intercept()},
            java.util.Map.of());
    double[] predicted = fit.predict(MaskMatrix.of(design, attribution.passes(), masks))[0];
    return Lds.spearman(predicted, truth);
  }

  private double[] outputs(float[] input, int label, long firstRow, int rows) {
    checkExample(input, label);
    lifetime.readLock().lock();
    try {
      if (closed) {
        throw new IllegalStateException("this Ablate is closed");
      }
      @Nullable ForwardBatch free = idle.poll();
      ForwardBatch batch = free != null ? free : session.batch(new BatchShape(settings.batch(), 1));
      try {
        return run(batch, input, label, firstRow, rows);
      } finally {
        idle.add(batch);
      }
    } finally {
      lifetime.readLock().unlock();
    }
  }

  private double[] run(ForwardBatch batch, float[] input, int label, long firstRow, int rows) {
    int size = batch.shape().masks();
    int words = MaskMatrix.wordsPerRow(design.columns());
    long[] mask = new long[words];
    double[] outputs = new double[rows];
    batch.setExample(0, input, label);
    for (int first = 0; first < rows; first += size) {
      if (Thread.interrupted()) {
        throw new InterruptedRunException(Problem.of("interrupted while attributing"));
      }
      int used = Math.min(size, rows - first);
      for (int i = 0; i < used; i++) {
        design.row(firstRow + first + i, mask, 0);
        batch.setMask(i, mask, 0);
      }
      batch.run();
      for (int i = 0; i < used; i++) {
        outputs[first + i] = batch.output(i);
      }
    }
    for (int i = 0; i < rows; i++) {
      if (!Double.isFinite(outputs[i])) {
        throw new BadInputException(
            Problem.of("the model's output is not a finite number")
                .at("mask " + (firstRow + i))
                .found(outputs[i])
                .remedy("check that the input is scaled as the model expects"));
      }
    }
    return outputs;
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
      for (ForwardBatch batch = idle.poll(); batch != null; batch = idle.poll()) {
        batch.close();
      }
      session.close();
    } finally {
      lifetime.writeLock().unlock();
    }
  }
}
