package io.ablate.benchmarks.gpu;

import io.ablate.base.Problem;
import io.ablate.base.UsageException;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;

/** What a check consists of, in the order in which it is done. */
enum Part {
  /** The kernels against Java; {@code tools/gpu-check} runs them. */
  CONTRACTS,
  /** Passes, gradients and fits against the processor. */
  AGREE,
  PASSES,
  FITS,
  /** PyTorch on the same device. */
  PEERS,
  /** Attributions from beginning to end. */
  WHOLE;

  String label() {
    return name().toLowerCase(Locale.ROOT);
  }

  /**
   * The parts of a list with commas.
   *
   * @param words {@code all} for all
   * @throws UsageException if one is none
   */
  static Set<Part> of(String words) {
    if (words.equals("all")) {
      return EnumSet.allOf(Part.class);
    }
    Set<Part> parts = EnumSet.noneOf(Part.class);
    for (String word : words.split(",", -1)) {
      parts.add(
          Arrays.stream(values())
              .filter(part -> part.label().equals(word))
              .findFirst()
              .orElseThrow(
                  () ->
                      new UsageException(
                          Problem.of("unknown part")
                              .at("--parts")
                              .expected(
                                  Arrays.stream(values())
                                      .map(Part::label)
                                      .collect(Collectors.joining(", ", "all, or some of ", "")))
                              .found("'" + word + "'"))));
    }
    return parts;
  }
}
