package io.ablate.benchmarks.experiment;

import com.fasterxml.jackson.databind.PropertyNamingStrategies.SnakeCaseStrategy;
import com.fasterxml.jackson.databind.annotation.JsonNaming;
import io.ablate.base.BadInputException;
import io.ablate.base.Problem;
import io.ablate.estimate.Estimator;
import io.ablate.estimate.Estimators;
import io.ablate.evaluate.SampleGrid;
import io.ablate.instrument.OutputFunction;
import io.ablate.mask.MaskDesigns;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One entry of a grid: a network, its examples, the masks to collect and the methods to compare.
 *
 * @param name of the experiment, in file names
 * @param model {@code bundled:NAME}, or an ONNX file relative to the grid
 * @param data as on the command line
 * @param components a component rule; empty for all
 * @param examples which examples
 * @param designs how masks for fitting are drawn, each collected once
 * @param outputs output functions, all told from the logits of one collection
 * @param samples ascending sample sizes; more are put between neighbours that are far apart
 * @param methods what is compared
 * @param gradients gradient passes, collected per output function; null for none
 * @param heldOut masks that score
 * @param shift masks of other ablated fractions that score too; null for none
 * @param targets LDS targets
 * @param seed of fits and bootstrap
 */
@JsonNaming(SnakeCaseStrategy.class)
record Experiment(
    String name,
    String model,
    String data,
    @Nullable String components,
    Examples examples,
    List<Design> designs,
    List<String> outputs,
    int[] samples,
    List<Method> methods,
    @Nullable Gradients gradients,
    HeldOut heldOut,
    @Nullable Shift shift,
    double[] targets,
    long seed) {

  /**
   * Which examples.
   *
   * @param drawn how the positions were drawn, so that they can be drawn again
   * @param positions in the data
   */
  @JsonNaming(SnakeCaseStrategy.class)
  record Examples(String drawn, int[] positions) {}

  /**
   * How masks for fitting are drawn.
   *
   * @param name of the design, as on the command line
   * @param keep probability of keeping a component
   * @param seed of the masks
   * @param maxSamples the largest sample size under this design; null for all
   */
  @JsonNaming(SnakeCaseStrategy.class)
  record Design(String name, double keep, long seed, @Nullable Integer maxSamples) {}

  /**
   * A method.
   *
   * @param name as on the command line
   * @param maxSamples the largest budget that it gets, for methods whose fits take long; null for
   *     all
   */
  @JsonNaming(SnakeCaseStrategy.class)
  record Method(String name, @Nullable Integer maxSamples) {}

  /**
   * Gradient passes.
   *
   * @param passes per example
   * @param soft share of soft entries in their masks
   * @param seed of their masks
   * @param cost of one in ordinary passes; null to measure it when they are collected
   */
  @JsonNaming(SnakeCaseStrategy.class)
  record Gradients(int passes, double soft, long seed, @Nullable Double cost) {}

  /**
   * Masks that score; independent draws, whatever the design of those that fit.
   *
   * @param keep probability of keeping a component
   * @param seed of the masks
   * @param masks their number
   */
  @JsonNaming(SnakeCaseStrategy.class)
  record HeldOut(double keep, long seed, int masks) {}

  /**
   * Masks of other ablated fractions.
   *
   * @param ablated the fractions
   * @param seed of the masks
   * @param masks their number for each fraction
   */
  @JsonNaming(SnakeCaseStrategy.class)
  record Shift(double[] ablated, long seed, int masks) {}

  /** All sample sizes, neighbours within a factor of √2. */
  int[] sizes() {
    return SampleGrid.refine(samples);
  }

  /** The sample sizes of a design. */
  int[] sizes(Design design) {
    Integer most = design.maxSamples;
    return most == null
        ? sizes()
        : Arrays.stream(sizes()).filter(size -> size <= most.intValue()).toArray();
  }

  /** Rows to collect for fitting under a design. */
  int largest(Design design) {
    int[] sizes = sizes(design);
    return sizes[sizes.length - 1];
  }

  private int largest() {
    return samples[samples.length - 1];
  }

  /** The component rule, empty for all. */
  String componentRule() {
    return components == null ? "" : components;
  }

  List<Estimator> estimators() {
    return methods.stream().map(method -> Estimators.byName(method.name())).toList();
  }

  /** The largest budget of a method. */
  double budgetOf(Estimator estimator) {
    return methods.stream()
        .filter(method -> method.name().equals(estimator.name()))
        .map(method -> method.maxSamples() == null ? largest() : method.maxSamples())
        .mapToDouble(Integer::doubleValue)
        .findFirst()
        .orElse(0);
  }

  /** Refuses what is missing or impossible before any work. */
  void check(Path file) {
    require(name != null && name.matches("[a-z0-9][a-z0-9.-]*"), "a name", name, file);
    require(model != null && data != null, "model and data", "none", file);
    require(
        examples != null && examples.positions != null && examples.positions.length > 0,
        "examples with positions",
        "none",
        file);
    require(designs != null && !designs.isEmpty(), "designs", designs, file);
    for (Design design : designs) {
      require(design.name != null, "designs with names", "none", file);
      MaskDesigns.requireName(design.name);
      require(
          design.maxSamples == null || samples == null || design.maxSamples >= samples[0],
          "max_samples that leave a sample size",
          design,
          file);
    }
    require(
        outputs != null && !outputs.isEmpty() && outputs.stream().allMatch(Experiment::isOutput),
        "outputs among "
            + Arrays.stream(OutputFunction.values()).map(OutputFunction::label).toList(),
        outputs,
        file);
    require(samples != null && samples.length > 0, "samples", "none", file);
    sizes();
    require(methods != null && !methods.isEmpty(), "methods", methods, file);
    estimators();
    require(heldOut != null && heldOut.masks > 1, "held_out with 2 masks or more", heldOut, file);
    require(targets != null && targets.length > 0, "targets", "none", file);
    require(gradients == null || gradients.passes > 0, "gradient passes", gradients, file);
    require(
        shift == null || shift.ablated != null && shift.masks > 1,
        "shift with ablated fractions and 2 masks or more",
        shift,
        file);
  }

  private static boolean isOutput(String label) {
    return Arrays.stream(OutputFunction.values()).anyMatch(f -> f.label().equals(label));
  }

  private void require(boolean holds, String expected, @Nullable Object found, Path file) {
    if (!holds) {
      throw new BadInputException(
          Problem.of("incomplete experiment")
              .at(file + ", experiment " + name)
              .expected(expected)
              .found(String.valueOf(found)));
    }
  }
}
