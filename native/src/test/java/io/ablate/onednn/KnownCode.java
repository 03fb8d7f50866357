package io.ablate.onednn;

import static org.assertj.core.api.Assertions.assertThat;

import io.ablate.forward.Precision;
import java.util.stream.Stream;
import org.assertj.core.data.Offset;

/** What is known of the code that oneDNN runs on this processor, and asked of its numbers. */
final class KnownCode {
  private static final int AVX512 = 0x27;

  private KnownCode() {}

  /** Those that this processor is made for. */
  static Stream<Precision> precisions() {
    return Bfloat16Support.isFast()
        ? Stream.of(Precision.FP32, Precision.BF16)
        : Stream.of(Precision.FP32);
  }

  /**
   * Whether oneDNN runs the code that was looked at: on processors with wider vectors it chooses
   * among others, for which equal bits in all batches, and fast code for all these networks, are
   * hoped for but not known.
   */
  static boolean knowsProcessor() {
    return (OneDnn.integer("dnnl_get_effective_cpu_isa") & AVX512) != AVX512;
  }

  /** Asserts equal bits, or where the processor is not known nearly equal numbers. */
  static void assertSame(String what, Precision precision, float[] found, float[] expected) {
    if (knowsProcessor()) {
      assertThat(found).as(what).isEqualTo(expected);
      return;
    }
    float most = 0;
    for (float value : expected) {
      most = Math.max(most, Math.abs(value));
    }
    float tolerance = precision == Precision.FP32 ? 2e-5f : 2e-2f;
    assertThat(found).as(what).containsExactly(expected, Offset.offset(tolerance * (1 + most)));
  }
}
