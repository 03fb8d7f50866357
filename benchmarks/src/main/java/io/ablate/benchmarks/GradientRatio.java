package io.ablate.benchmarks;

import ai.onnxruntime.OrtException;
import io.ablate.backend.Backends;
import io.ablate.base.AblateException;
import io.ablate.base.GateFailedException;
import io.ablate.base.Problem;
import io.ablate.forward.BatchOrder;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * What a gradient pass, forward and backward, costs in masked forward passes, taking turns ({@link
 * Interleaved}). Exits with 5 where the cheaper of the two batch orders of a network is dearer than
 * the gate.
 */
public final class GradientRatio {
  private static final List<String> NETWORKS = List.of("resnet8-cifar10", "resnet18-cifar10");

  private GradientRatio() {}

  public static void main(String[] arguments) throws OrtException {
    try {
      run(
          new NumberOptions(
              arguments,
              Map.of("--threads", 2.0, "--batch", 32.0, "--rounds", 25.0, "--gate", 2.6),
              Map.of("--backend", Backends.AUTO)));
    } catch (AblateException e) {
      System.err.println("gradient-ratio: " + e.getMessage());
      System.exit(e.exitCode());
    }
  }

  private static void run(NumberOptions options) throws OrtException {
    int threads = options.whole("--threads");
    int batch = options.whole("--batch");
    int rounds = options.whole("--rounds");
    System.out.printf(
        Locale.ROOT,
        "Java %s, %d threads, batch %d, %d rounds%n",
        Runtime.version(),
        threads,
        batch,
        rounds);
    double worst = 0;
    for (String network : NETWORKS) {
      double best = Double.POSITIVE_INFINITY;
      for (BatchOrder order : BatchOrder.values()) {
        Interleaved result;
        String backend;
        try (GradientPair pair =
            new GradientPair(network, options.word("--backend"), threads, batch, order)) {
          backend = pair.chosen.role().chosen() + " " + pair.chosen.role().version();
          result = Interleaved.measure(pair::runGradient, pair::runMasked, batch, rounds);
        }
        System.out.printf(
            Locale.ROOT,
            "%-16s  %-8s  %s: gradient %5.1f passes/s, masked %5.1f passes/s, cost %.2f (turn by turn"
                + " %.2f, quartiles %.2f to %.2f; fastest %.2f)%n",
            network,
            order.label(),
            backend,
            result.first(),
            result.second(),
            result.ratio(),
            result.median(),
            result.low(),
            result.high(),
            result.fastest());
        best = Math.min(best, result.ratio());
      }
      worst = Math.max(worst, best);
    }
    double gate = options.number("--gate");
    if (worst > gate) {
      throw new GateFailedException(
          Problem.of("gradient passes are too dear")
              .expected(String.format(Locale.ROOT, "at most %.2f masked passes", gate))
              .found(String.format(Locale.ROOT, "%.2f", worst)));
    }
  }
}
