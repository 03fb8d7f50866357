package io.ablate.benchmarks.gpu;

/**
 * What all measurements share.
 *
 * @param rates of the machine, measured when first asked for
 */
record Bench(Place place, Sizes sizes, MemoryMeter memory, Rates rates, Results results) {
  static final double GB = 1e-9;

  /** Bytes to the largest power of ten that people read. */
  static final String MEMORY = "memory, GB";
}
