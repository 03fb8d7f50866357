package io.ablate.dataset;

import io.ablate.forward.Calibration;

/**
 * What collecting will cost.
 *
 * @param passes ablated passes still to be computed
 * @param scalePasses ordinary passes for the activation scale
 * @param batch which rows share a pass
 * @param secondsPerPass as calibrated
 * @param seconds predicted for all passes
 * @param memoryBytes resident memory of the process at its peak; 0 where the system does not tell
 * @param diskBytes size of the finished store
 * @param calibration all that was timed
 */
public record CollectPlan(
    long passes,
    long scalePasses,
    Manifest.Batch batch,
    double secondsPerPass,
    double seconds,
    long memoryBytes,
    long diskBytes,
    Calibration.Result calibration) {}
