package io.ablate.evaluate;

import com.fasterxml.jackson.databind.PropertyNamingStrategies.SnakeCaseStrategy;
import com.fasterxml.jackson.databind.annotation.JsonNaming;
import org.jspecify.annotations.Nullable;

/**
 * One method at one sample size.
 *
 * @param method its name
 * @param samples ablated passes per example spent on fitting
 * @param gradientPasses gradient passes per example spent on fitting
 * @param passEquivalents samples plus other passes at their cost
 * @param seconds to collect those samples for all examples and to fit; null if unknown
 * @param ldsMean mean over examples of Spearman's correlation on the held-out rows
 * @param ldsCi its 95 % bootstrap interval, [low, high]
 * @param pearsonMean mean over examples of Pearson's correlation
 * @param fitSeconds wall-clock seconds of the fit of all examples
 * @param ldsPerExample Spearman's correlation of every example
 */
@JsonNaming(SnakeCaseStrategy.class)
public record CurvePoint(
    String method,
    int samples,
    int gradientPasses,
    double passEquivalents,
    @Nullable Double seconds,
    double ldsMean,
    double[] ldsCi,
    double pearsonMean,
    double fitSeconds,
    double[] ldsPerExample) {}
