package io.ablate.forward;

import io.ablate.differentiate.DifferentiatedModel;

/**
 * A differentiated model loaded by a backend. Any thread may ask for a batch and run it; a batch
 * itself belongs to one thread. Close the batches before the session; closing twice does nothing.
 */
public interface GradientSession extends AutoCloseable {
  DifferentiatedModel model();

  /** Buffers for runs of so many pairs of mask and example, reused from run to run. */
  GradientBatch batch(int rows);

  /**
   * A batch of so many pairs on every device of this session, filled and run as one; see {@link
   * ForwardSession#everywhere}.
   */
  default GradientBatch everywhere(int rows) {
    return batch(rows);
  }

  @Override
  void close();
}
