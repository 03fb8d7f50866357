package io.ablate.benchmarks;

import ai.onnxruntime.OrtException;
import io.ablate.backend.Backends;
import io.ablate.backend.Selection;
import io.ablate.forward.BatchOrder;
import io.ablate.forward.BatchShape;
import io.ablate.forward.ForwardBackend;
import io.ablate.forward.ForwardBatch;
import io.ablate.forward.ForwardOptions;
import io.ablate.forward.ForwardSession;
import io.ablate.instrument.InstrumentedModel;
import io.ablate.instrument.OutputFunction;
import io.ablate.mask.BernoulliMasks;
import io.ablate.mask.MaskMatrix;

/**
 * A bundled network, plain on ONNX Runtime and masked on some backend, on the same threads and in
 * the same batch size. Opening it checks that a mask of ones gives the plain model's margins.
 */
final class ForwardPair implements AutoCloseable {
  private static final int LABEL = Network.LABEL;

  final PlainModel plain;
  final Selection<ForwardBackend> chosen;
  private final ForwardSession session;
  private final ForwardBatch masked;
  private final MaskMatrix masks;
  private long nextRow;

  /**
   * @param model as {@link Network#named} takes it
   * @param backend name of what runs the masked passes, or {@link Backends#AUTO}
   */
  ForwardPair(String model, String backend, int threads, int batch, BatchOrder order)
      throws OrtException {
    Network network = Network.named(model);
    InstrumentedModel instrumented = network.instrumented(OutputFunction.MARGIN);
    ForwardOptions options = new ForwardOptions(threads, network.exampleShape());
    chosen = Backends.forward(backend, instrumented, options);
    session = chosen.backend().open(instrumented, options);
    masked = session.batch(BatchShape.of(order, batch));
    masks = MaskMatrix.of(new BernoulliMasks(5, 0.9, network.components().size()), 0, 4 * batch);
    float[] examples = network.examples(batch, order);
    plain =
        new PlainModel(
            network.model(), threads, network.inputShape(batch), examples, network.classes());
    network.fill(masked, examples);
    checkOnes(batch);
  }

  private void checkOnes(int batch) throws OrtException {
    plain.run();
    masked.run(); // a batch starts with nothing ablated
    for (int row = 0; row < batch; row++) {
      float expected = plain.margin(row, LABEL);
      Check.that(
          Math.abs(masked.output(row) - expected) < 1e-4 * (1 + Math.abs(expected)),
          "margin " + masked.output(row) + " under a mask of ones, plain " + expected);
    }
    runMasked();
    float first = masked.output(0);
    Check.that(Math.abs(first - plain.margin(0, LABEL)) > 1e-3, "a mask changes nothing: " + first);
  }

  /** One batch under new masks, filling them included: what collecting does. */
  void runMasked() {
    for (int slot = 0; slot < masked.shape().masks(); slot++) {
      int row = (int) (nextRow++ % masks.rows());
      masked.setMask(slot, masks.words(), row * masks.wordsPerRow());
    }
    masked.run();
  }

  @Override
  public void close() throws OrtException {
    masked.close();
    session.close();
    plain.close();
  }
}
