package io.ablate.forward;

/**
 * One batch of gradient passes, each forward and backward: fill, run, read. A slot holds a mask and
 * an example; what is not filled anew keeps its last value. All slots start with no component
 * ablated and an example of zeros. Not thread-safe.
 */
public interface GradientBatch extends AutoCloseable {
  /** Number of slots. */
  int rows();

  /**
   * Sets one mask.
   *
   * @param mask n values in [0, 1]
   */
  void setMask(int slot, float[] mask);

  /** Sets one example and the class that its output is about. */
  void setExample(int slot, float[] input, int label);

  /**
   * Computes all slots.
   *
   * @throws io.ablate.base.BadInputException if the backend fails
   */
  void run();

  /** The scalar of one slot from the last run. */
  float output(int slot);

  /** Copies the derivative of a slot's scalar by its mask, [n], to {@code target}. */
  void gradient(int slot, float[] target);

  @Override
  void close();
}
