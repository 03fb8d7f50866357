package io.ablate.onednn;

import io.ablate.base.BadInputException;
import io.ablate.base.Problem;
import io.ablate.forward.ForwardOptions;
import io.ablate.forward.Precision;
import java.util.EnumSet;
import java.util.Optional;

/** What this processor makes of bfloat16. */
final class Bfloat16Support {
  private Bfloat16Support() {}

  /** Why there are no passes in a precision; empty if there are, fast or not. */
  static Optional<Problem> whyNot(ForwardOptions options) {
    Precision precision = options.precision();
    Optional<Problem> unknown = options.unless(EnumSet.of(Precision.FP32, Precision.BF16));
    if (unknown.isPresent()
        || precision == Precision.FP32
        || has(Const.ISA_AVX512)
        || has(Const.ISA_AVX2_BF16)) {
      return unknown;
    }
    return Optional.of(
        Problem.of("no passes in " + precision.label() + " on this processor")
            .expected("AVX-512, with AMX or AVX512-BF16 to be fast")
            .found("AVX2")
            .remedy("use --precision " + Precision.FP32.label()));
  }

  /**
   * Refuses a precision.
   *
   * @throws BadInputException if there are no passes in it
   */
  static void require(ForwardOptions options) {
    whyNot(options)
        .ifPresent(
            problem -> {
              throw new BadInputException(problem);
            });
  }

  /** Whether it multiplies bfloat16 faster than float32. */
  static boolean isFast() {
    return has(Const.ISA_AVX512_BF16);
  }

  private static boolean has(int isa) {
    return (OneDnn.integer("dnnl_get_effective_cpu_isa") & isa) == isa;
  }
}
