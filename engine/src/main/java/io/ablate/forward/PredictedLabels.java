package io.ablate.forward;

import io.ablate.example.Example;
import io.ablate.instrument.InstrumentedModel;
import java.util.function.ToIntFunction;

/** The class that the model, with nothing ablated, gives the largest logit. Not thread-safe. */
public final class PredictedLabels implements ToIntFunction<Example>, AutoCloseable {
  private final ForwardSession session;
  private final ForwardBatch batch;
  private final float[] logits;

  /**
   * Loads the model.
   *
   * @param model instrumented with logits
   */
  public PredictedLabels(ForwardBackend backend, InstrumentedModel model, ForwardOptions options) {
    if (model.logits() == null) {
      throw new IllegalArgumentException("model was instrumented without logits");
    }
    session = backend.open(model, options);
    batch = session.batch(new BatchShape(1, 1));
    logits = new float[batch.classes()];
  }

  @Override
  public int applyAsInt(Example example) {
    // The output's own label plays no part in the logits; class 0 always exists.
    batch.setExample(0, example.input(), 0);
    batch.run();
    batch.logits(0, logits);
    int best = 0;
    for (int c = 1; c < logits.length; c++) {
      best = logits[c] > logits[best] ? c : best;
    }
    return best;
  }

  @Override
  public void close() {
    batch.close();
    session.close();
  }
}
