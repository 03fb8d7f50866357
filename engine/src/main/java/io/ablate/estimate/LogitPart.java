package io.ablate.estimate;

import com.fasterxml.jackson.databind.JsonNode;
import io.ablate.base.BadInputException;
import io.ablate.base.Problem;
import io.ablate.instrument.OutputFunction;
import io.ablate.mask.MaskMatrix;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * The output function of linear models of the logits, less its linearisation: {@code weight · (f(z)
 * − slopeᵀz − offset)} with z = intercepts + Σ attributions · x.
 */
final class LogitPart implements NonlinearPart {
  static final String KIND = "logits";
  static final String ATTRIBUTIONS = "logit_attributions.npy";
  static final String INTERCEPTS = "logit_intercepts.npy";
  static final String SLOPES = "logit_slopes.npy";

  private final OutputFunction function;
  private final double weight;
  private final LogitEntries[] entries;
  private final double[][][] attributions;
  private final double[][] intercepts;
  private final double[][] slopes;
  private final double[] offsets;

  /**
   * @param weight of the logit-wise prediction beside the direct one
   * @param entries per example, as many for each
   * @param attributions examples × entries × n
   * @param intercepts examples × entries
   * @param slopes examples × entries: the linearisation
   * @param offsets per example
   */
  LogitPart(
      OutputFunction function,
      double weight,
      LogitEntries[] entries,
      double[][][] attributions,
      double[][] intercepts,
      double[][] slopes,
      double[] offsets) {
    this.function = function;
    this.weight = weight;
    this.entries = entries;
    this.attributions = attributions;
    this.intercepts = intercepts;
    this.slopes = slopes;
    this.offsets = offsets;
  }

  @Override
  public double[][] correction(MaskMatrix masks) {
    double[][] corrections = new double[attributions.length][masks.rows()];
    for (int e = 0; e < corrections.length; e++) {
      double[][] logits = LinearPredictions.of(masks, attributions[e], intercepts[e]);
      double[] z = new double[logits.length];
      for (int row = 0; row < masks.rows(); row++) {
        double linear = offsets[e];
        for (int k = 0; k < z.length; k++) {
          z[k] = logits[k][row];
          linear += slopes[e][k] * z[k];
        }
        corrections[e][row] = weight * (function.of(z, entries[e].label()) - linear);
      }
    }
    return corrections;
  }

  @Override
  public void write(Path folder) {
    FitFiles.writeCube(folder.resolve(ATTRIBUTIONS), attributions);
    FitFiles.writeRows(folder.resolve(INTERCEPTS), intercepts);
    FitFiles.writeRows(folder.resolve(SLOPES), slopes);
  }

  @Override
  public Map<String, Object> manifest() {
    return Map.of(
        "kind",
        KIND,
        "output",
        function.label(),
        "weight",
        weight,
        "classes",
        Arrays.stream(entries).map(LogitEntries::classes).toArray(int[][]::new),
        "label_positions",
        Arrays.stream(entries).mapToInt(LogitEntries::label).toArray(),
        "rest",
        entries.length > 0 && entries[0].rest(),
        "offsets",
        offsets);
  }

  static LogitPart read(Path folder, JsonNode field, int examples, int columns) {
    OutputFunction function = OutputFunction.byLabel(field.path("output").asText());
    double[][][] attributions = FitFiles.readCube(folder.resolve(ATTRIBUTIONS), examples, columns);
    LogitEntries[] entries = new LogitEntries[examples];
    boolean sound =
        function != null
            && field.path("weight").isNumber()
            && field.path("classes").size() == examples
            && field.path("label_positions").size() == examples
            && field.path("offsets").size() == examples;
    for (int e = 0; sound && e < examples; e++) {
      JsonNode classes = field.path("classes").path(e);
      entries[e] =
          new LogitEntries(
              IntStream.range(0, classes.size()).map(k -> classes.path(k).asInt()).toArray(),
              field.path("label_positions").path(e).asInt(-1),
              field.path("rest").asBoolean());
      sound =
          entries[e].count() == attributions[e].length
              && entries[e].label() >= 0
              && entries[e].label() < classes.size();
    }
    if (!sound || function == null) {
      throw new BadInputException(
          Problem.of("the models of logits are described wrongly")
              .at(folder.resolve("manifest.json"))
              .expected("output, weight, classes, label_positions and offsets of every example")
              .found(field));
    }
    double[] offsets =
        IntStream.range(0, examples)
            .mapToDouble(e -> field.path("offsets").path(e).asDouble())
            .toArray();
    int count = examples == 0 ? 0 : entries[0].count();
    return new LogitPart(
        function,
        field.path("weight").asDouble(),
        entries,
        attributions,
        FitFiles.readRows(folder.resolve(INTERCEPTS), examples, count),
        FitFiles.readRows(folder.resolve(SLOPES), examples, count),
        offsets);
  }
}
