package io.ablate.dataset;

import io.ablate.forward.Calibration;
import org.jspecify.annotations.Nullable;

/**
 * What collecting will cost.
 *
 * @param passes ablated passes still to be computed
 * @param scalePasses ordinary passes for the activation scale
 * @param batch which rows share a pass
 * @param secondsPerPass as calibrated
 * @param seconds predicted for all passes, gradient passes included
 * @param memoryBytes resident memory of the process at its peak; 0 where the system does not tell
 * @param diskBytes size of the finished store
 * @param calibration all that was timed
 * @param gradients the part of the gradient passes; null where there are none
 */
public record CollectPlan(
    long passes,
    long scalePasses,
    Manifest.Batch batch,
    double secondsPerPass,
    double seconds,
    long memoryBytes,
    long diskBytes,
    Calibration.Result calibration,
    @Nullable Gradients gradients) {

  /**
   * What gradient passes cost; included in the whole.
   *
   * @param passes over single examples still to be computed, those at the mask of ones included
   * @param batch rows per gradient pass
   * @param cost of one in ordinary passes
   * @param seconds predicted for all of them
   * @param memoryBytes for their sums
   * @param diskBytes for what is stored of them
   */
  public record Gradients(
      long passes, int batch, double cost, double seconds, long memoryBytes, long diskBytes) {}
}
