package io.ablate.benchmarks;

import ai.onnxruntime.OrtException;
import io.ablate.backend.Backends;
import io.ablate.base.AblateException;
import io.ablate.base.GateFailedException;
import io.ablate.base.Problem;
import io.ablate.forward.BatchOrder;
import io.ablate.forward.OrtCpuBackend;
import java.util.Locale;
import java.util.Map;

/**
 * Passes per second under masks, on the backend chosen, as a share of the plain model's on ONNX
 * Runtime, on a bundled network, taking turns ({@link Interleaved}). Exits with 5 where the better
 * of the two batch orders stays below the gate.
 */
public final class MaskedRatio {
  private MaskedRatio() {}

  public static void main(String[] arguments) throws OrtException {
    try {
      run(
          new NumberOptions(
              arguments,
              Map.of("--threads", 2.0, "--batch", 64.0, "--rounds", 101.0, "--gate", 0.75),
              Map.of("--model", "resnet8-cifar10", "--backend", Backends.AUTO)));
    } catch (AblateException e) {
      System.err.println("ratio: " + e.getMessage());
      System.exit(e.exitCode());
    }
  }

  private static void run(NumberOptions options) throws OrtException {
    int threads = options.whole("--threads");
    int batch = options.whole("--batch");
    int rounds = options.whole("--rounds");
    System.out.printf(
        Locale.ROOT,
        "%s, plain on ONNX Runtime %s, Java %s, %d threads, batch %d, %d rounds%n",
        options.word("--model"),
        new OrtCpuBackend().version(),
        Runtime.version(),
        threads,
        batch,
        rounds);
    double best = 0;
    for (BatchOrder order : BatchOrder.values()) {
      Interleaved result;
      String backend;
      try (ForwardPair pair =
          new ForwardPair(
              options.word("--model"), options.word("--backend"), threads, batch, order)) {
        backend = pair.chosen.role().chosen();
        result = Interleaved.measure(pair.plain::run, pair::runMasked, batch, rounds);
      }
      System.out.printf(
          Locale.ROOT,
          "%-8s  plain %5.0f passes/s, masked %5.0f passes/s by %s, ratio %.3f (turn by turn"
              + " %.3f, quartiles %.3f to %.3f; fastest %.3f)%n",
          order.label(),
          result.first(),
          result.second(),
          backend,
          result.ratio(),
          result.median(),
          result.low(),
          result.high(),
          result.fastest());
      best = Math.max(best, result.ratio());
    }
    double gate = options.number("--gate");
    if (best < gate) {
      throw new GateFailedException(
          Problem.of("masked passes are too slow")
              .expected(String.format(Locale.ROOT, "at least %.3f of plain", gate))
              .found(String.format(Locale.ROOT, "%.3f", best)));
    }
  }
}
