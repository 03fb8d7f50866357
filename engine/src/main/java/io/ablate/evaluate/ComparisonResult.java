package io.ablate.evaluate;

import com.fasterxml.jackson.databind.PropertyNamingStrategies.SnakeCaseStrategy;
import com.fasterxml.jackson.databind.annotation.JsonNaming;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The content of {@code compare.json}. The inner maps go from target, as {@code "0.3"}, to a value;
 * null stands for "never reached". Intervals cover 95 % of paired bootstrap draws; an end that is
 * null was beyond the curve.
 *
 * @param methods in the order in which they were asked for
 * @param samples the sample sizes
 * @param targets the LDS targets
 * @param heldOutRows first and one past the last row used for scoring
 * @param bootstrapDraws number of draws behind every interval
 * @param bootstrapSeed their seed
 * @param curves every method at every sample size
 * @param samplesToTarget first crossing, in pass equivalents, by method and target
 * @param samplesToTargetCi its interval
 * @param samplesToHold last crossing
 * @param reductionVsLeastSquares 1 − N/N_least-squares; empty unless least squares was compared
 * @param reductionVsLeastSquaresCi its interval
 * @param reductionVsLeastSquaresSaga the same against COAR's own solver; empty unless compared
 * @param reductionVsLeastSquaresSagaCi its interval
 * @param linearityCeiling what a linear model can reach at best; null if it cannot be estimated, as
 *     where no row is an independent Bernoulli draw
 * @param manifest provenance, added by the caller
 */
@JsonNaming(SnakeCaseStrategy.class)
public record ComparisonResult(
    List<String> methods,
    int[] samples,
    double[] targets,
    int[] heldOutRows,
    int bootstrapDraws,
    long bootstrapSeed,
    List<CurvePoint> curves,
    Map<String, Map<String, @Nullable Double>> samplesToTarget,
    Map<String, Map<String, @Nullable Double @Nullable []>> samplesToTargetCi,
    Map<String, Map<String, @Nullable Double>> samplesToHold,
    Map<String, Map<String, @Nullable Double>> reductionVsLeastSquares,
    Map<String, Map<String, @Nullable Double @Nullable []>> reductionVsLeastSquaresCi,
    Map<String, Map<String, @Nullable Double>> reductionVsLeastSquaresSaga,
    Map<String, Map<String, @Nullable Double @Nullable []>> reductionVsLeastSquaresSagaCi,
    @Nullable LinearityCeiling linearityCeiling,
    Map<String, Object> manifest) {

  /** The same result with its provenance. */
  public ComparisonResult withManifest(Map<String, Object> manifest) {
    return new ComparisonResult(
        methods,
        samples,
        targets,
        heldOutRows,
        bootstrapDraws,
        bootstrapSeed,
        curves,
        samplesToTarget,
        samplesToTargetCi,
        samplesToHold,
        reductionVsLeastSquares,
        reductionVsLeastSquaresCi,
        reductionVsLeastSquaresSaga,
        reductionVsLeastSquaresSagaCi,
        linearityCeiling,
        manifest);
  }

  /** One method's curve, by ascending samples. */
  public List<CurvePoint> curve(String method) {
    return curves.stream().filter(point -> point.method().equals(method)).toList();
  }
}
