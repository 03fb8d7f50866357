package io.ablate.evaluate;

/**
 * A point of a curve with what intervals of derived figures are computed from.
 *
 * @param point the figures
 * @param draws the mean LDS of every bootstrap draw
 */
public record ScoredPoint(CurvePoint point, double[] draws) {}
