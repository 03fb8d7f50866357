package io.ablate.evaluate;

import io.ablate.estimate.GradientData;
import java.util.function.IntFunction;

/**
 * The gradient passes that a comparison may spend its budgets on.
 *
 * @param cost of a gradient pass in ordinary ones, as measured
 * @param passes the numbers of passes whose sums are available, ascending
 * @param soft whether their masks have soft entries
 * @param first what the first so many passes told
 */
public record GradientOffer(
    double cost, int[] passes, boolean soft, IntFunction<GradientData> first) {}
