package io.ablate.benchmarks.gpu;

import java.util.List;

/**
 * How large everything is that gets measured.
 *
 * @param side of the square matrices that the machine's rates are measured with
 * @param passes networks and their batches
 * @param seconds of each round of passes
 * @param rounds whose median counts
 * @param few fits of several methods
 * @param networks fits of networks
 * @param units hidden ones, where networks are trained at a given size
 * @param target least squares of many examples
 * @param examples attributed from beginning to end
 * @param masks of each
 */
record Sizes(
    int side,
    List<Images> passes,
    double seconds,
    int rounds,
    Fit few,
    Fit networks,
    int units,
    Fit target,
    int examples,
    int masks) {

  /** Networks of one image size, and their batches. */
  record Images(List<String> networks, List<Integer> batches) {}

  /**
   * @param columns components, n
   * @param rows masks, m
   * @param examples fitted together
   */
  record Fit(int columns, int rows, int examples) {
    @Override
    public String toString() {
      return "n = %d, m = %d, %d examples".formatted(columns, rows, examples);
    }
  }

  /** For a GPU. */
  static final Sizes FULL =
      new Sizes(
          6144,
          List.of(
              new Images(List.of("resnet8-cifar10", "resnet18-cifar10"), List.of(64, 256, 1024)),
              new Images(List.of("resnet50-random", "vit-b16-random"), List.of(64, 256))),
          .15,
          3,
          new Fit(4800, 1000, 100),
          new Fit(4800, 1000, 1000),
          256,
          new Fit(2304, 50_000, 10_000),
          256,
          1000);

  /** To try the way. */
  static final Sizes SMALL =
      new Sizes(
          512,
          List.of(new Images(List.of("resnet8-cifar10"), List.of(16))),
          .05,
          3,
          new Fit(200, 300, 4),
          new Fit(200, 300, 4),
          32,
          new Fit(200, 2000, 100),
          4,
          40);
}
