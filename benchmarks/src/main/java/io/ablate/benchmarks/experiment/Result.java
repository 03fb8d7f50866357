package io.ablate.benchmarks.experiment;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.PropertyNamingStrategies.SnakeCaseStrategy;
import com.fasterxml.jackson.databind.annotation.JsonNaming;
import io.ablate.base.BadInputException;
import io.ablate.base.Json;
import io.ablate.base.Problem;
import io.ablate.evaluate.ComparisonResult;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The result of an experiment for one design and one output function; fit to be committed.
 *
 * @param schemaVersion version of this format
 * @param experiment name of the entry
 * @param design name and keep probability of the masks that fitted
 * @param output the output function
 * @param entry the entry of the grid as it was
 * @param provenance where and how it was computed
 * @param collected what it was computed from
 * @param comparison curves, samples to target, reductions; as in {@code compare.json}
 * @param shift scores at other ablated fractions, one per point and fraction
 * @param notes what the reader must know
 */
@JsonNaming(SnakeCaseStrategy.class)
record Result(
    int schemaVersion,
    String experiment,
    String design,
    String output,
    Experiment entry,
    Provenance provenance,
    Collected collected,
    ComparisonResult comparison,
    List<ShiftPoint> shift,
    List<String> notes) {
  /** The version that this code reads and writes. */
  static final int SCHEMA = 1;

  private static final List<String> REQUIRED =
      List.of("experiment", "design", "output", "collected", "comparison", "notes");

  /**
   * What the figures were computed from.
   *
   * @param modelSha256 of the ONNX file
   * @param dataSha256 of the examples' values as the model takes them
   * @param labels the class that each example's output is about
   * @param components number of components, n
   * @param rows masks to fit on
   * @param heldOut masks that score
   * @param secondsPerPass of an ablated pass over one example; null if unknown
   * @param gradientPasses per example
   * @param gradientCost of one in ordinary passes, as counted; null where there are none
   * @param backend what computed the passes
   */
  @JsonNaming(SnakeCaseStrategy.class)
  record Collected(
      String modelSha256,
      String dataSha256,
      List<Integer> labels,
      int components,
      int rows,
      int heldOut,
      @Nullable Double secondsPerPass,
      int gradientPasses,
      @Nullable Double gradientCost,
      String backend) {}

  /** A point of a curve at another ablated fraction than the one that it was fitted at. */
  @JsonNaming(SnakeCaseStrategy.class)
  record ShiftPoint(
      String method,
      int samples,
      int gradientPasses,
      double passEquivalents,
      double ablated,
      double ldsMean,
      double[] ldsCi,
      double pearsonMean) {
    static ShiftPoint of(Cell cell, Cell.ShiftScore score) {
      return new ShiftPoint(
          cell.point().method(),
          cell.point().samples(),
          cell.point().gradientPasses(),
          cell.point().passEquivalents(),
          score.ablated(),
          score.ldsMean(),
          score.ldsCi(),
          score.pearsonMean());
    }
  }

  /** The file's name without its ending. */
  String fileName() {
    return experiment + "." + design + "." + output;
  }

  /**
   * Reads a result.
   *
   * @throws BadInputException if it is of another schema or malformed
   */
  static Result read(Path file) {
    JsonNode root = Json.read(file);
    int schema = root.path("schema_version").asInt(-1);
    if (schema != SCHEMA || !REQUIRED.stream().allMatch(root::has)) {
      throw new BadInputException(
          Problem.of("not a result of this version")
              .at(file)
              .expected("schema_version " + SCHEMA + " with " + String.join(", ", REQUIRED))
              .found("schema_version " + schema));
    }
    return Json.read(file, Result.class);
  }
}
