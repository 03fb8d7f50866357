package io.ablate.estimate;

import io.ablate.base.Progress;
import io.ablate.linalg.LinearAlgebra;

/**
 * What a fit may use besides its data.
 *
 * @param algebra matrix backend
 * @param seed of whatever the method draws
 * @param progress told of long fits
 */
public record FitContext(LinearAlgebra algebra, long seed, Progress progress) {}
