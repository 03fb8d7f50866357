package io.ablate.benchmarks.gpu;

/**
 * What all measurements share.
 *
 * @param rates of the machine, measured when first asked for
 */
record Bench(Place place, Sizes sizes, MemoryMeter memory, Rates rates, Results results) {
  /** Of bytes. */
  static final double GB = 1e-9;

  /** Name of the detail that tells memory. */
  static final String MEMORY = "memory, GB";
}
