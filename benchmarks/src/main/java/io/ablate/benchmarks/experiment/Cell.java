package io.ablate.benchmarks.experiment;

import com.fasterxml.jackson.databind.PropertyNamingStrategies.SnakeCaseStrategy;
import com.fasterxml.jackson.databind.annotation.JsonNaming;
import io.ablate.evaluate.CurvePoint;
import java.util.List;
import java.util.Map;

/**
 * A finished fit: one method at one budget. Kept in a file of its own, so that a run that dies
 * loses no other.
 *
 * @param schemaVersion version of this format
 * @param key hash of all that decides the figures
 * @param gitCommit that computed them
 * @param date when
 * @param point the figures
 * @param draws the mean LDS of every bootstrap draw
 * @param shift scores at other ablated fractions
 * @param diagnostics what the method chose
 */
@JsonNaming(SnakeCaseStrategy.class)
record Cell(
    int schemaVersion,
    String key,
    String gitCommit,
    String date,
    CurvePoint point,
    double[] draws,
    List<ShiftScore> shift,
    Map<String, Object> diagnostics) {
  /** The version that this code reads and writes. */
  static final int SCHEMA = 1;

  /**
   * How well models that were fitted at one ablated fraction predict at another.
   *
   * @param ablated the other fraction
   * @param ldsMean mean LDS over the examples
   * @param ldsCi its 95 % bootstrap interval
   * @param pearsonMean mean over the examples of Pearson's correlation
   */
  @JsonNaming(SnakeCaseStrategy.class)
  record ShiftScore(double ablated, double ldsMean, double[] ldsCi, double pearsonMean) {}
}
