package io.ablate.benchmarks;

import ai.onnxruntime.OrtException;
import io.ablate.backend.Backends;
import io.ablate.base.AblateException;
import io.ablate.forward.BatchOrder;
import io.ablate.forward.BatchShape;
import io.ablate.forward.ForwardBatch;
import io.ablate.forward.ForwardOptions;
import io.ablate.forward.ForwardSession;
import io.ablate.forward.OrtCpuBackend;
import io.ablate.instrument.InstrumentedModel;
import io.ablate.instrument.OutputFunction;
import io.ablate.mask.BernoulliMasks;
import io.ablate.mask.MaskMatrix;
import java.util.Locale;
import java.util.Map;

/**
 * Masked passes per second of one backend as a share of another's, on a bundled network, new masks
 * for every run, taking turns ({@link Interleaved}). Both must give nearly the same outputs.
 */
public final class BackendRatio {
  private BackendRatio() {}

  public static void main(String[] arguments) throws OrtException {
    try {
      run(
          new NumberOptions(
              arguments,
              Map.of("--threads", 2.0, "--batch", 64.0, "--rounds", 41.0),
              Map.of(
                  "--model", "resnet8-cifar10",
                  "--reference", OrtCpuBackend.NAME,
                  "--backend", Backends.AUTO)));
    } catch (AblateException e) {
      System.err.println("backend-ratio: " + e.getMessage());
      System.exit(e.exitCode());
    }
  }

  private static void run(NumberOptions options) throws OrtException {
    int batch = options.whole("--batch");
    for (BatchOrder order : BatchOrder.values()) {
      try (Side first = new Side(options, options.word("--reference"), order);
          Side second = new Side(options, options.word("--backend"), order)) {
        first.run();
        second.run();
        for (int row = 0; row < batch; row++) {
          float expected = first.batch.output(row);
          Check.that(
              Math.abs(second.batch.output(row) - expected) <= 1e-3 * (1 + Math.abs(expected)),
              "output " + second.batch.output(row) + ", of the reference " + expected);
        }
        Interleaved result =
            Interleaved.measure(first::run, second::run, batch, options.whole("--rounds"));
        System.out.printf(
            Locale.ROOT,
            "%-8s  %s, %d threads, batch %d: %s %5.0f passes/s, %s %5.0f passes/s, ratio %.3f (turn"
                + " by turn %.3f, quartiles %.3f to %.3f; fastest %.3f)%n",
            order.label(),
            options.word("--model"),
            options.whole("--threads"),
            batch,
            first.name,
            result.first(),
            second.name,
            result.second(),
            result.ratio(),
            result.median(),
            result.low(),
            result.high(),
            result.fastest());
      }
    }
  }

  /** One backend with a batch of its own. */
  private static final class Side implements AutoCloseable {
    final String name;
    final ForwardBatch batch;
    private final ForwardSession session;
    private final MaskMatrix masks;
    private int nextRow;

    Side(NumberOptions options, String backend, BatchOrder order) {
      Network network = Network.named(options.word("--model"));
      InstrumentedModel model = network.instrumented(OutputFunction.MARGIN);
      int size = options.whole("--batch");
      ForwardOptions how = new ForwardOptions(options.whole("--threads"), network.exampleShape());
      var chosen = Backends.forward(backend, model, how);
      name = chosen.role().chosen();
      session = chosen.backend().open(model, how);
      batch = session.batch(BatchShape.of(order, size));
      masks = MaskMatrix.of(new BernoulliMasks(5, 0.9, network.components().size()), 0, 4 * size);
      network.fill(batch, network.examples(size, order));
    }

    void run() {
      for (int slot = 0; slot < batch.shape().masks(); slot++) {
        batch.setMask(slot, masks.words(), nextRow++ % masks.rows() * masks.wordsPerRow());
      }
      batch.run();
    }

    @Override
    public void close() {
      batch.close();
      session.close();
    }
  }
}
