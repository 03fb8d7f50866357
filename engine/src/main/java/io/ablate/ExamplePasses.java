package io.ablate;

import io.ablate.backend.Backends;
import io.ablate.base.BadInputException;
import io.ablate.base.InterruptedRunException;
import io.ablate.base.Problem;
import io.ablate.base.UsageException;
import io.ablate.differentiate.DifferentiatedModel;
import io.ablate.estimate.Costs;
import io.ablate.estimate.GradientData;
import io.ablate.estimate.Spending;
import io.ablate.estimate.TrainingData;
import io.ablate.forward.BatchShape;
import io.ablate.forward.ForwardBackend;
import io.ablate.forward.ForwardBatch;
import io.ablate.forward.ForwardOptions;
import io.ablate.forward.ForwardSession;
import io.ablate.forward.GradientBatch;
import io.ablate.forward.GradientSession;
import io.ablate.instrument.InstrumentedModel;
import io.ablate.mask.BernoulliMasks;
import io.ablate.mask.GradientMasks;
import io.ablate.mask.MaskDesign;
import io.ablate.mask.MaskMatrix;
import java.util.Arrays;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Semaphore;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * The passes of a model over one example at a time: ordinary ones, those of gradients, the one of
 * the activation scale. Everything stays in memory. Thread-safe, but for {@link #close}.
 */
final class ExamplePasses implements AutoCloseable {
  /**
   * What a gradient pass counts in ordinary ones. Not measured: what a budget buys, and so the
   * result, must not depend on the machine.
   */
  static final double GRADIENT_PRICE = 2.5;

  /** Share of soft entries, with which the mean of derivatives misses least of a difference. */
  private static final double SOFT = .2;

  /** Small, for a few passes are the usual case and what does not fill a batch is wasted. */
  private static final int GRADIENT_BATCH = 8;

  private static final int BATCH = 32;

  /** One example buys some hundred masks: a larger batch would be padding. */
  private static final int DEVICE_BATCH = 256;

  private final InstrumentedModel model;
  private final int batchSize;
  private final MaskDesign design;
  private final GradientMasks gradientMasks;
  private final ForwardSession session;
  private final @Nullable GradientSession gradients;

  /** More calls at once would be no faster, and each takes the memory of a batch. */
  private final Semaphore turns =
      new Semaphore(Math.max(2, Runtime.getRuntime().availableProcessors()), true);

  private final ConcurrentLinkedQueue<ForwardBatch> idle = new ConcurrentLinkedQueue<>();
  private final ConcurrentLinkedQueue<GradientBatch> idleGradients = new ConcurrentLinkedQueue<>();

  /**
   * @param differentiated the same model with its gradient; null for none
   */
  ExamplePasses(
      InstrumentedModel model,
      @Nullable DifferentiatedModel differentiated,
      ModelSettings settings) {
    this.model = model;
    int n = model.components().size();
    design = new BernoulliMasks(settings.seed(), settings.keep(), n);
    gradientMasks = new GradientMasks(settings.seed(), settings.keep(), SOFT, n);
    if (settings.batch() < 0) {
      throw new UsageException(
          Problem.of("impossible number of masks per forward pass")
              .expected("1 or more, or 0 for the backend's own")
              .found(settings.batch()));
    }
    long[] shape = model.example().shape();
    ForwardOptions options =
        new ForwardOptions(settings.threads(), Arrays.copyOfRange(shape, 1, shape.length));
    ForwardBackend backend = Backends.forward(Backends.AUTO, model, options).backend();
    batchSize =
        settings.batch() > 0
            ? settings.batch()
            : Math.clamp(backend.batchRows(options), BATCH, DEVICE_BATCH);
    session = backend.open(model, options);
    try {
      gradients = differentiated == null ? null : backend.openGradients(differentiated, options);
    } catch (RuntimeException e) {
      session.close();
      throw e;
    }
  }

  /** What there is to buy with a budget. */
  Costs costs(int budget, boolean withGradients) {
    boolean offered = withGradients && gradients != null;
    int most = offered ? (int) (budget / GRADIENT_PRICE) : 0;
    return new Costs(
        GRADIENT_PRICE,
        design.columns(),
        budget,
        IntStream.rangeClosed(1, most).toArray(),
        true,
        offered,
        true);
  }

  /** Runs what was bought over one example. */
  TrainingData buy(Spending bought, float[] input, int label) {
    return inTurn(() -> run(bought, input, label));
  }

  /** The outputs under rows of the masks. */
  double[] outputs(float[] input, int label, long firstRow, int rows) {
    return inTurn(() -> run(input, label, firstRow, rows));
  }

  private <T> T inTurn(Supplier<T> work) {
    try {
      turns.acquire();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw interrupted();
    }
    try {
      return work.get();
    } finally {
      turns.release();
    }
  }

  private TrainingData run(Spending bought, float[] input, int label) {
    double[][] outputs = {run(input, label, 0, bought.rows())};
    double[][] scale = new double[1][design.columns()];
    if (bought.activationScale()) {
      float[] found = session.activationScale(input);
      Arrays.setAll(scale[0], i -> found[i]);
    }
    return new TrainingData(
        MaskMatrix.of(design, 0, bought.rows()),
        outputs,
        model.components().layerOfColumn(),
        bought.activationScale() ? scale : null,
        bought.gradientPasses() == 0 ? null : gradients(bought, input, label));
  }

  private double[] run(float[] input, int label, long firstRow, int rows) {
    @Nullable ForwardBatch free = idle.poll();
    ForwardBatch batch = free != null ? free : session.batch(new BatchShape(batchSize, 1));
    try {
      batch.setExample(0, input, label);
      MaskDesign drawn = session.drawing(design);
      double[] outputs = new double[rows];
      for (int first = 0; first < rows; first += batchSize) {
        requireNotInterrupted();
        int used = Math.min(batchSize, rows - first);
        MaskMatrix masks = MaskMatrix.of(drawn, firstRow + first, used);
        for (int i = 0; i < used; i++) {
          batch.setMask(i, masks.words(), i * masks.wordsPerRow());
        }
        batch.run();
        for (int i = 0; i < used; i++) {
          outputs[first + i] = finite(batch.output(i), "output", "mask " + (firstRow + first + i));
        }
      }
      return outputs;
    } finally {
      idle.add(batch);
    }
  }

  private GradientData gradients(Spending bought, float[] input, int label) {
    if (gradients == null) {
      throw new IllegalStateException("gradient passes bought where there are none");
    }
    @Nullable GradientBatch free = idleGradients.poll();
    GradientBatch batch = free != null ? free : gradients.batch(GRADIENT_BATCH);
    try {
      for (int slot = 0; slot < GRADIENT_BATCH; slot++) {
        batch.setExample(slot, input, label);
      }
      int n = design.columns();
      int passes = bought.gradientPasses();
      GradientData data = GradientData.empty(passes, n, 1);
      // The pass at the mask of ones comes last, as one more.
      int all = passes + (bought.unablated() ? 1 : 0);
      float[] gradient = new float[n];
      float[] ones = new float[n];
      Arrays.fill(ones, 1);
      for (int first = 0; first < all; first += GRADIENT_BATCH) {
        requireNotInterrupted();
        int used = Math.min(GRADIENT_BATCH, all - first);
        for (int slot = 0; slot < used; slot++) {
          int pass = first + slot;
          if (pass < passes) {
            gradientMasks.row(pass, data.masks()[pass]);
          }
          batch.setMask(slot, pass < passes ? data.masks()[pass] : ones);
        }
        batch.run();
        for (int slot = 0; slot < used; slot++) {
          batch.gradient(slot, gradient);
          add(data, first + slot, batch.output(slot), gradient);
        }
      }
      return bought.unablated() ? data : data.withoutUnablated();
    } finally {
      idleGradients.add(batch);
    }
  }

  private static void add(GradientData data, int pass, float output, float[] gradient) {
    String where = "gradient pass " + pass;
    finite(output, "output", where);
    for (float derivative : gradient) {
      finite(derivative, "derivative", where);
    }
    double[][] unablated = data.unablated();
    if (pass < data.passes()) {
      data.add(0, pass, output, gradient);
    } else if (unablated != null) {
      Arrays.setAll(unablated[0], i -> gradient[i]);
    }
  }

  private static void requireNotInterrupted() {
    if (Thread.currentThread().isInterrupted()) {
      throw interrupted();
    }
  }

  private static InterruptedRunException interrupted() {
    return new InterruptedRunException(Problem.of("interrupted while attributing"));
  }

  private static double finite(float value, String what, String where) {
    if (!Float.isFinite(value)) {
      throw new BadInputException(
          Problem.of("the model's " + what + " is not a finite number")
              .at(where)
              .found(value)
              .remedy("check that the input is scaled as the model expects"));
    }
    return value;
  }

  /** Releases everything; no call may be in progress. */
  @Override
  public void close() {
    for (ForwardBatch batch = idle.poll(); batch != null; batch = idle.poll()) {
      batch.close();
    }
    for (GradientBatch batch = idleGradients.poll(); batch != null; batch = idleGradients.poll()) {
      batch.close();
    }
    if (gradients != null) {
      gradients.close();
    }
    session.close();
  }
}
