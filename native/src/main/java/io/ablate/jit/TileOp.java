package io.ablate.jit;

/** An element-wise operation on the output of a convolution, done before it is written. */
public enum TileOp {
  /** max(x, 0). */
  RELU,
  /** Plus a number per channel. */
  ADD_CHANNEL,
  /** Times a number per channel. */
  MULTIPLY_CHANNEL,
  /** Plus a tensor of the output's extents. */
  ADD_TENSOR,
  /** Minus a tensor of the output's extents. */
  SUBTRACT_TENSOR,
  /** Times a tensor of the output's extents. */
  MULTIPLY_TENSOR;

  /** Whether it needs the address of an operand. */
  public boolean takesOperand() {
    return this != RELU;
  }
}
