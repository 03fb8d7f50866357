package io.ablate.forward;

import io.ablate.base.Problem;
import io.ablate.base.UsageException;
import java.util.Arrays;
import java.util.stream.Collectors;

/** What numbers the passes compute with. Masks, logits and outputs are float32 always. */
public enum Precision {
  /** float32 throughout. */
  FP32("fp32"),

  /** Weights and activations in bfloat16, sums in float32. */
  BF16("bf16");

  private final String label;

  Precision(String label) {
    this.label = label;
  }

  /** The name in options and manifests. */
  public String label() {
    return label;
  }

  /**
   * The precision of a name.
   *
   * @throws UsageException if there is none
   */
  public static Precision of(String name) {
    return Arrays.stream(values())
        .filter(one -> one.label.equals(name))
        .findFirst()
        .orElseThrow(
            () ->
                new UsageException(
                    Problem.of("unknown precision")
                        .expected(
                            Arrays.stream(values())
                                .map(Precision::label)
                                .collect(Collectors.joining(", ")))
                        .found(name)));
  }
}
