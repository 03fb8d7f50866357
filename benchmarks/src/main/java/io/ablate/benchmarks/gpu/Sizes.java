package io.ablate.benchmarks.gpu;

import io.ablate.base.Problem;
import io.ablate.base.UsageException;
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

  /**
   * The same with some of the networks.
   *
   * @param words names with commas between; {@code all} for all
   * @throws UsageException if one is none of these
   */
  Sizes only(String words) {
    if (words.equals("all")) {
      return this;
    }
    List<String> there = passes.stream().flatMap(images -> images.networks().stream()).toList();
    List<String> wanted = List.of(words.split(",", -1));
    for (String name : wanted) {
      if (!there.contains(name)) {
        throw new UsageException(
            Problem.of("unknown network")
                .at("--networks")
                .expected("all, or some of " + String.join(", ", there))
                .found("'" + name + "'"));
      }
    }
    List<Images> some =
        passes.stream()
            .map(
                images ->
                    new Images(
                        images.networks().stream().filter(wanted::contains).toList(),
                        images.batches()))
            .toList();
    return new Sizes(side, some, seconds, rounds, few, networks, units, target, examples, masks);
  }

  /** For a GPU. */
  static final Sizes FULL =
      new Sizes(
          6144,
          List.of(
              new Images(List.of("resnet8-cifar10", "resnet18-cifar10"), List.of(64, 256, 1024)),
              new Images(List.of("resnet50-random"), List.of(64, 256)),
              new Images(List.of("vit-b16-random"), List.of(64))),
          .1,
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
