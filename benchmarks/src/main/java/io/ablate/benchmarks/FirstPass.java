package io.ablate.benchmarks;

import io.ablate.backend.Backends;
import io.ablate.forward.BatchOrder;
import io.ablate.forward.BatchShape;
import io.ablate.forward.ForwardBatch;
import io.ablate.forward.ForwardOptions;
import io.ablate.forward.ForwardSession;
import io.ablate.instrument.InstrumentedModel;
import io.ablate.instrument.OutputFunction;
import io.ablate.mask.BernoulliMasks;
import io.ablate.mask.MaskMatrix;

/** Opens the bundled model and runs one batch of 32 masks: for {@link StartUpBenchmark}. */
final class FirstPass {
  private static final int BATCH = 32;

  private FirstPass() {}

  public static void main(String[] arguments) {
    Network network = Network.named("shapes-resnet");
    InstrumentedModel model = network.instrumented(OutputFunction.MARGIN);
    ForwardOptions options = new ForwardOptions(2, network.exampleShape());
    MaskMatrix masks =
        MaskMatrix.of(new BernoulliMasks(5, 0.9, network.components().size()), 0, BATCH);
    try (ForwardSession session =
            Backends.forward(arguments[0], model, options).backend().open(model, options);
        ForwardBatch batch = session.batch(BatchShape.of(BatchOrder.MASKS, BATCH))) {
      network.fill(batch, network.examples(BATCH, BatchOrder.MASKS));
      for (int slot = 0; slot < BATCH; slot++) {
        batch.setMask(slot, masks.words(), slot * masks.wordsPerRow());
      }
      batch.run();
      Check.that(Float.isFinite(batch.output(0)), "output " + batch.output(0));
    }
  }
}
