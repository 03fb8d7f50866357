package io.ablate.onednn;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import io.ablate.jit.Bfloat16;
import java.lang.foreign.MemorySegment;

/** What tensors are stored as. */
enum Elements {
  F32(Const.F32, Float.BYTES),
  BF16(Const.BF16, Short.BYTES);

  private final int type;
  private final int bytes;

  Elements(int type, int bytes) {
    this.type = type;
    this.bytes = bytes;
  }

  /** In oneDNN's numbers. */
  int type() {
    return type;
  }

  int bytes() {
    return bytes;
  }

  /**
   * Stores a number, rounded where it must be.
   *
   * @return whether that changed what was there
   */
  boolean set(MemorySegment tensor, long index, float value) {
    return switch (this) {
      case F32 -> {
        boolean changed = tensor.getAtIndex(JAVA_FLOAT, index) != value;
        tensor.setAtIndex(JAVA_FLOAT, index, value);
        yield changed;
      }
      case BF16 -> {
        short stored = Bfloat16.of(value);
        boolean changed = tensor.getAtIndex(JAVA_SHORT, index) != stored;
        tensor.setAtIndex(JAVA_SHORT, index, stored);
        yield changed;
      }
    };
  }
}
