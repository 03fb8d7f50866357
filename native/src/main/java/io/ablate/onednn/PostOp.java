package io.ablate.onednn;

/** An element-wise operation, done where possible while a value is being computed. */
sealed interface PostOp {
  /**
   * A function of one number.
   *
   * @param algorithm of oneDNN
   */
  record Eltwise(int algorithm, float alpha, float beta) implements PostOp {}

  /**
   * A function of two numbers, the value computed so far and the operand.
   *
   * @param algorithm of oneDNN
   */
  record Binary(int algorithm, Operand operand) implements PostOp {}
}
