package io.ablate.onednn;

/** The second operand of an element-wise operation. */
sealed interface Operand {
  /** Its rows: those of the program, or 1 if it is the same for all. */
  int batch();

  /**
   * A number per channel.
   *
   * @param values one per channel, or one for all
   */
  record Constant(float[] values) implements Operand {
    @Override
    public int batch() {
      return 1;
    }
  }

  /**
   * Part of the mask, a number per row and channel.
   *
   * @param index into {@link Program#masks}
   */
  record Mask(int index, int batch) implements Operand {}

  /**
   * Another value, of the same extents or with one position.
   *
   * @param value computed by an earlier step
   */
  record Tensor(Value value) implements Operand {
    @Override
    public int batch() {
      return value.batch();
    }
  }
}
