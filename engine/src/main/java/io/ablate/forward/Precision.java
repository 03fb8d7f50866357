package io.ablate.forward;

import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/** What numbers the passes compute with. Masks, logits and outputs are float32 always. */
public enum Precision {
  /** float32 throughout. */
  FP32("fp32"),

  /** float32 whose products round their factors to 10 bits of mantissa. */
  TF32("tf32"),

  /** Weights and activations in bfloat16, sums in float32. */
  BF16("bf16"),

  /** Weights and activations in float16, sums in float32. */
  FP16("fp16");

  /** Those that may change the outputs too much for a model, the best first. */
  public static final List<Precision> REDUCED = List.of(FP16, BF16);

  private final String label;

  Precision(String label) {
    this.label = label;
  }

  /** The name in options and manifests. */
  public String label() {
    return label;
  }

  /** Their names, for messages. */
  public static String labels(Collection<Precision> some) {
    return some.stream().map(Precision::label).collect(Collectors.joining(", "));
  }

  /** The precision of a name; empty if there is none. */
  public static Optional<Precision> named(String name) {
    return Arrays.stream(values()).filter(one -> one.label.equals(name)).findFirst();
  }
}
