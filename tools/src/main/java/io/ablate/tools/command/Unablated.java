package io.ablate.tools.command;

import io.ablate.example.Example;
import io.ablate.forward.BatchShape;
import io.ablate.forward.ForwardBatch;
import io.ablate.forward.ForwardOptions;
import io.ablate.forward.ForwardSession;
import io.ablate.forward.OrtCpuBackend;
import io.ablate.instrument.InstrumentedModel;
import java.util.Arrays;

/** What the model says of examples with nothing ablated. Not thread-safe. */
final class Unablated implements AutoCloseable {
  private final ForwardSession session;
  private final ForwardBatch batch;

  /**
   * @param predicted the class of the largest logit
   * @param output the output function's value for the label asked about
   */
  record Prediction(int predicted, float output) {}

  /**
   * @param model instrumented with logits
   * @param exampleShape extents of one example
   */
  Unablated(InstrumentedModel model, long[] exampleShape, int threads) {
    this.session = new OrtCpuBackend().open(model, new ForwardOptions(threads, exampleShape));
    this.batch = session.batch(new BatchShape(1, 1));
    long[] everything = new long[(model.components().size() + 63) / 64];
    Arrays.fill(everything, -1);
    batch.setMask(0, everything, 0);
  }

  Prediction of(Example example, int label) {
    batch.setExample(0, example.input(), label);
    batch.run();
    float[] logits = new float[batch.classes()];
    batch.logits(0, logits);
    int best = 0;
    for (int c = 1; c < logits.length; c++) {
      best = logits[c] > logits[best] ? c : best;
    }
    return new Prediction(best, batch.output(0));
  }

  @Override
  public void close() {
    batch.close();
    session.close();
  }
}
