package io.ablate.benchmarks;

import io.ablate.backend.Backends;
import io.ablate.backend.Selection;
import io.ablate.differentiate.MaskGradients;
import io.ablate.forward.BatchOrder;
import io.ablate.forward.BatchShape;
import io.ablate.forward.ForwardBackend;
import io.ablate.forward.ForwardBatch;
import io.ablate.forward.ForwardOptions;
import io.ablate.forward.ForwardSession;
import io.ablate.forward.GradientBatch;
import io.ablate.forward.GradientSession;
import io.ablate.instrument.InstrumentedModel;
import io.ablate.instrument.OutputFunction;
import io.ablate.mask.BernoulliMasks;
import io.ablate.mask.MaskMatrix;

/**
 * Masked passes and gradient passes (forward and backward) of one network, on the same threads,
 * rows and masks. Opening it checks that both give the same outputs, and the gradient against a
 * finite difference.
 */
final class GradientPair implements AutoCloseable {
  private static final double STEP = 0.02;

  final Selection<ForwardBackend> chosen;
  private final ForwardSession session;
  private final ForwardBatch masked;
  private final GradientSession gradientSession;
  private final GradientBatch gradients;
  private final MaskMatrix masks;
  private final float[] mask;
  private long nextRow;

  /**
   * @param network as {@link Network#named} takes it
   * @param backend name of what runs the passes, or {@link Backends#AUTO}
   * @param order what fills a batch of masked passes; a gradient pass has a mask and an example in
   *     every row, in the order by masks one and the same example
   */
  GradientPair(String network, String backend, int threads, int batch, BatchOrder order) {
    Network opened = Network.named(network);
    // Smooth: what a finite difference approaches.
    InstrumentedModel model = opened.instrumented(OutputFunction.MARGIN_LOGSUMEXP);
    ForwardOptions options = new ForwardOptions(threads, opened.exampleShape());
    chosen = Backends.forward(backend, model, options);
    session = chosen.backend().open(model, options);
    masked = session.batch(BatchShape.of(order, batch));
    gradientSession = chosen.backend().openGradients(MaskGradients.of(model), options);
    gradients = gradientSession.batch(batch);
    int columns = opened.components().size();
    masks = MaskMatrix.of(new BernoulliMasks(5, 0.9, columns), 0, 4 * batch);
    mask = new float[columns];
    float[] examples = opened.examples(batch, order);
    opened.fill(masked, examples);
    for (int slot = 0; slot < batch; slot++) {
      gradients.setExample(slot, opened.example(examples, slot), Network.LABEL);
    }
    check(batch);
  }

  /** One batch of masked passes under new masks, filling them included. */
  void runMasked() {
    for (int slot = 0; slot < masked.shape().masks(); slot++) {
      int row = (int) (nextRow++ % masks.rows());
      masked.setMask(slot, masks.words(), row * masks.wordsPerRow());
    }
    masked.run();
  }

  /** One batch of gradient passes under new masks, filling and reading included. */
  void runGradient() {
    for (int slot = 0; slot < gradients.rows(); slot++) {
      masks.unpack((int) (nextRow++ % masks.rows()), mask, 0);
      gradients.setMask(slot, mask);
    }
    gradients.run();
    for (int slot = 0; slot < gradients.rows(); slot++) {
      gradients.gradient(slot, mask);
    }
  }

  private void check(int batch) {
    runMasked();
    for (int slot = 0; slot < batch; slot++) {
      masks.unpack(masked.shape().masks() > 1 ? slot : 0, mask, 0);
      gradients.setMask(slot, mask);
    }
    gradients.run();
    for (int row = 0; row < batch; row++) {
      float expected = masked.output(row);
      Check.that(
          Math.abs(gradients.output(row) - expected) < 1e-3 * (1 + Math.abs(expected)),
          "output " + gradients.output(row) + " of a gradient pass, masked " + expected);
    }
    for (int slot = 0; slot < Math.min(2, batch); slot++) {
      checkSlot(slot);
    }
  }

  /** Along the gradient itself the output changes by the gradient's length, per unit. */
  private void checkSlot(int slot) {
    int n = mask.length;
    float[] at = new float[n];
    masks.unpack(masked.shape().masks() > 1 ? slot : 0, at, 0);
    gradients.setMask(slot, at);
    gradients.run();
    float[] gradient = new float[n];
    gradients.gradient(slot, gradient);
    double square = 0;
    for (float value : gradient) {
      square += (double) value * value;
    }
    double length = Math.sqrt(square);
    double[] ends = new double[2];
    for (int end = 0; end < 2; end++) {
      double step = (end == 0 ? -STEP : STEP) / length;
      for (int i = 0; i < n; i++) {
        mask[i] = (float) (at[i] + step * gradient[i]);
      }
      gradients.setMask(slot, mask);
      gradients.run();
      ends[end] = gradients.output(slot);
    }
    double difference = (ends[1] - ends[0]) / (2 * STEP);
    Check.that(
        length > 0.1 && Math.abs(difference - length) < 0.05 * length,
        "slope " + difference + " along a gradient of length " + length);
  }

  @Override
  public void close() {
    masked.close();
    session.close();
    gradients.close();
    gradientSession.close();
  }
}
