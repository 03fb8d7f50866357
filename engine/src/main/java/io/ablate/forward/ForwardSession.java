package io.ablate.forward;

import io.ablate.instrument.InstrumentedModel;
import io.ablate.mask.MaskDesign;

/**
 * A model loaded by a backend. Any thread may ask for a batch and run it; a batch itself belongs to
 * one thread. Close the batches before the session; closing twice does nothing.
 */
public interface ForwardSession extends AutoCloseable {
  InstrumentedModel model();

  /** Buffers for runs of one shape, reused from run to run. */
  ForwardBatch batch(BatchShape shape);

  /**
   * A batch of that shape on every device of this session, filled and run as one: of so many times
   * as many rows, the first device's first. Where there is one device, that is {@link #batch}.
   *
   * @param size rows of one device's batch
   */
  default ForwardBatch everywhere(BatchOrder order, int size) {
    return batch(BatchShape.of(order, size));
  }

  /**
   * The same masks, drawn where this session computes if that is quicker; to be used while the
   * session is open.
   */
  default MaskDesign drawing(MaskDesign design) {
    return design;
  }

  /**
   * The activation scale of one example: how much every component's output moves when it alone is
   * ablated (see {@link InstrumentedModel.ActivationScale}).
   *
   * @param example the values of one example
   * @return n values
   * @throws IllegalStateException if the model was instrumented without it
   */
  float[] activationScale(float[] example);

  @Override
  void close();
}
