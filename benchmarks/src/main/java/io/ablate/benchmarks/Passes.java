package io.ablate.benchmarks;

import ai.onnxruntime.OrtException;
import io.ablate.backend.Backends;
import io.ablate.base.AblateException;
import io.ablate.forward.BatchOrder;
import java.util.Locale;
import java.util.Map;

/**
 * Masked passes and gradient passes per second of one backend: one line of JSON, for the scripts
 * that compare with other systems.
 */
public final class Passes {
  /** Gradient passes keep every activation. */
  private static final int MOST_GRADIENTS = 32;

  private Passes() {}

  public static void main(String[] arguments) throws OrtException {
    try {
      NumberOptions options =
          new NumberOptions(
              arguments,
              Map.of("--threads", 2.0, "--batch", 64.0, "--seconds", 3.0),
              Map.of("--model", "resnet18-cifar10", "--backend", Backends.AUTO));
      String model = options.word("--model");
      String backend = options.word("--backend");
      int threads = options.whole("--threads");
      int batch = options.whole("--batch");
      double seconds = options.number("--seconds");
      double masked;
      double plain;
      String chosen;
      try (ForwardPair pair = new ForwardPair(model, backend, threads, batch, BatchOrder.MASKS)) {
        chosen = pair.chosen.role().chosen();
        masked = rate(pair::runMasked, batch, seconds);
        plain = rate(pair.plain::run, batch, seconds);
      }
      int gradients = Math.min(batch, MOST_GRADIENTS);
      double gradient;
      try (GradientPair pair =
          new GradientPair(model, backend, threads, gradients, BatchOrder.MASKS)) {
        gradient = rate(pair::runGradient, gradients, seconds);
      }
      System.out.printf(
          Locale.ROOT,
          "{\"model\": \"%s\", \"backend\": \"%s\", \"masked\": %.2f, \"gradient\": %.2f,"
              + " \"plain_onnxruntime\": %.2f}%n",
          model,
          chosen,
          masked,
          gradient,
          plain);
    } catch (AblateException e) {
      System.err.println("passes: " + e.getMessage());
      System.exit(e.exitCode());
    }
  }

  /** Passes per second over some seconds, after one run that does not count. */
  private static double rate(Interleaved.Pass pass, int batch, double seconds) throws OrtException {
    pass.run();
    long start = System.nanoTime();
    long runs = 0;
    double elapsed;
    do {
      pass.run();
      runs++;
      elapsed = (System.nanoTime() - start) * 1e-9;
    } while (elapsed < seconds);
    return runs * batch / elapsed;
  }
}
