package io.ablate.jit;

import static io.ablate.jit.Assembler.R8;
import static io.ablate.jit.Assembler.R9;
import static io.ablate.jit.Assembler.RCX;
import static io.ablate.jit.Assembler.RDI;
import static io.ablate.jit.Assembler.RDX;
import static io.ablate.jit.Assembler.RSI;
import static io.ablate.jit.Assembler.RSP;

import java.util.List;

/**
 * Writes the two transforms of one tile, with channels innermost, eight at a time: Bᵀ d B takes 6×6
 * positions of the input to 36 planes, Aᵀ m A takes 36 planes to 4×4 positions of the output
 * (Lavin, Gray 2016, F(4×4, 3×3)), followed by element-wise operations. Positions outside the
 * tensor read as zero and are not written.
 */
final class TransformWriter {
  /** Positions of an input tile along one axis. */
  static final int IN = 6;

  /** Positions of an output tile along one axis. */
  static final int OUT = 4;

  /** Addresses that a function takes besides those it reads from and writes to. */
  static final int OPERANDS = 4;

  private static final int VECTOR = 8;
  private static final int BYTES = VECTOR * Float.BYTES;
  private static final int[] OPERAND = {RDX, RCX, R8, R9};

  /** Vector registers that keep constants. */
  private static final int C1 = 13;

  private static final int C2 = 14;
  private static final int C3 = 15;

  private final Assembler asm = new Assembler();

  /**
   * The input's transform: {@code (source, target)}.
   *
   * @param channels a multiple of eight
   * @param width positions in a row of the tensor
   * @param rows bit i is set if row i of the tile lies inside the tensor
   * @param columns the same for columns
   * @param plane bytes from one plane of the target to the next
   */
  static byte[] input(int channels, int width, int rows, int columns, int plane) {
    TransformWriter writer = new TransformWriter();
    writer.writeInput(channels, width, rows, columns, plane);
    return writer.asm.code();
  }

  private void writeInput(int channels, int width, int rows, int columns, int plane) {
    int pixel = channels * Float.BYTES;
    enter(IN * IN, 4, 5, 2, channels);
    int top = asm.position();
    for (int j = 0; j < IN; j++) {
      if ((columns >> j & 1) == 0) {
        continue;
      }
      for (int i = 0; i < IN; i++) {
        if ((rows >> i & 1) == 0) {
          asm.zero(i);
        } else {
          asm.load(i, RDI, (i * width + j) * pixel);
        }
      }
      int[] results = input();
      for (int i = 0; i < IN; i++) {
        asm.store(results[i], RSP, (i * IN + j) * BYTES);
      }
    }
    for (int i = 0; i < IN; i++) {
      for (int j = 0; j < IN; j++) {
        if ((columns >> j & 1) == 0) {
          asm.zero(j);
        } else {
          asm.load(j, RSP, (i * IN + j) * BYTES);
        }
      }
      int[] results = input();
      for (int j = 0; j < IN; j++) {
        asm.store(results[j], RSI, Math.multiplyExact(i * IN + j, plane));
      }
    }
    finish(top, IN * IN, 0);
  }

  /** Bᵀ of registers 0 to 5; returns where the results are. */
  private int[] input() {
    // 4 d0 − 5 d2 + d4
    asm.copy(6, 4);
    asm.subtractProduct(6, 2, C2);
    asm.addProduct(6, 0, C1);
    // (d4 − 4 d2) ± (d3 − 4 d1)
    asm.copy(7, 4);
    asm.subtractProduct(7, 2, C1);
    asm.copy(8, 3);
    asm.subtractProduct(8, 1, C1);
    asm.add(9, 7, 8);
    asm.subtract(10, 7, 8);
    // (d4 − d2) ± 2 (d3 − d1)
    asm.subtract(11, 4, 2);
    asm.copy(12, 11);
    asm.subtract(8, 3, 1);
    asm.addProduct(11, 8, C3);
    asm.subtractProduct(12, 8, C3);
    // 4 d1 − 5 d3 + d5
    asm.subtractProduct(5, 3, C2);
    asm.addProduct(5, 1, C1);
    return new int[] {6, 9, 10, 11, 12, 5};
  }

  /**
   * The output's transform: {@code (source, target, operand…)}.
   *
   * @param channels a multiple of eight
   * @param width positions in a row of the tensor
   * @param rows how many rows of the tile lie inside the tensor
   * @param columns the same for columns
   * @param plane bytes from one plane of the source to the next
   * @param then what follows
   */
  static byte[] output(
      int channels, int width, int rows, int columns, int plane, List<TileOp> then) {
    TransformWriter writer = new TransformWriter();
    writer.writeOutput(channels, width, rows, columns, plane, then);
    return writer.asm.code();
  }

  private void writeOutput(
      int channels, int width, int rows, int columns, int plane, List<TileOp> then) {
    int pixel = channels * Float.BYTES;
    enter(OUT * IN, 2, 4, 8, channels);
    int top = asm.position();
    for (int j = 0; j < IN; j++) {
      for (int i = 0; i < IN; i++) {
        asm.load(i, RDI, Math.multiplyExact(i * IN + j, plane));
      }
      int[] results = output();
      for (int i = 0; i < rows; i++) {
        asm.store(results[i], RSP, (i * IN + j) * BYTES);
      }
    }
    for (int i = 0; i < rows; i++) {
      for (int j = 0; j < IN; j++) {
        asm.load(j, RSP, (i * IN + j) * BYTES);
      }
      int[] results = output();
      // Register 0 is free again.
      asm.zero(0);
      for (int j = 0; j < columns; j++) {
        int position = (i * width + j) * pixel;
        apply(then, results[j], position);
        asm.store(results[j], RSI, position);
      }
    }
    finish(top, OUT * IN, operands(then));
  }

  /** Aᵀ of registers 0 to 5; returns where the results are. */
  private int[] output() {
    asm.add(6, 1, 2);
    asm.subtract(7, 1, 2);
    asm.add(8, 3, 4);
    asm.subtract(9, 3, 4);
    // m0 + (m1 + m2) + (m3 + m4)
    asm.add(10, 0, 6);
    asm.add(10, 10, 8);
    // (m1 − m2) + 2 (m3 − m4)
    asm.copy(11, 7);
    asm.addProduct(11, 9, C1);
    // (m1 + m2) + 4 (m3 + m4)
    asm.copy(12, 6);
    asm.addProduct(12, 8, C2);
    // (m1 − m2) + 8 (m3 − m4) + m5
    asm.add(5, 5, 7);
    asm.addProduct(5, 9, C3);
    return new int[] {10, 11, 12, 5};
  }

  private void apply(List<TileOp> ops, int value, int position) {
    int operand = 0;
    for (TileOp op : ops) {
      switch (op) {
        // Of a NaN and a number the second is taken: NaN stays NaN.
        case RELU -> asm.maximum(value, 0, value);
        case ADD_CHANNEL -> asm.add(value, value, OPERAND[operand++], 0);
        case MULTIPLY_CHANNEL -> asm.multiply(value, value, OPERAND[operand++], 0);
        case ADD_TENSOR -> asm.add(value, value, OPERAND[operand++], position);
        case SUBTRACT_TENSOR -> asm.subtract(value, value, OPERAND[operand++], position);
        case MULTIPLY_TENSOR -> asm.multiply(value, value, OPERAND[operand++], position);
      }
    }
  }

  static int operands(List<TileOp> ops) {
    return (int) ops.stream().filter(TileOp::takesOperand).count();
  }

  private void enter(int scratch, float first, float second, float third, int channels) {
    asm.addConstant(RSP, -scratch * BYTES);
    asm.constant(C1, first);
    asm.constant(C2, second);
    asm.constant(C3, third);
    asm.setCounter(channels / VECTOR);
  }

  private void finish(int top, int scratch, int operands) {
    asm.addConstant(RDI, BYTES);
    asm.addConstant(RSI, BYTES);
    for (int i = 0; i < operands; i++) {
      asm.addConstant(OPERAND[i], BYTES);
    }
    asm.loop(top);
    asm.addConstant(RSP, scratch * BYTES);
    asm.leave();
  }
}
