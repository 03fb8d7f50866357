package io.ablate.forward;

/**
 * One batch of ablated forward passes: fill, run, read; what is not filled anew keeps its last
 * value. All slots start with no component ablated and an example of zeros. Not thread-safe.
 */
public interface ForwardBatch extends AutoCloseable {
  BatchShape shape();

  /**
   * Sets one mask from packed bits (see {@link io.ablate.mask.MaskMatrix}).
   *
   * @param slot 0 … masks − 1
   */
  void setMask(int slot, long[] words, int offset);

  /**
   * Sets one example and the class that its output is about.
   *
   * @param slot 0 … examples − 1
   */
  void setExample(int slot, float[] input, int label);

  /**
   * Computes all rows.
   *
   * @throws io.ablate.base.BadInputException if the backend fails
   */
  void run();

  /** The scalar of one row, 0 … rows − 1, from the last run. */
  float output(int row);

  /** Number of classes; 0 if the model was instrumented without logits. */
  int classes();

  /** Copies the logits of one row of the last run to {@code target}, from its beginning. */
  void logits(int row, float[] target);

  @Override
  void close();
}
