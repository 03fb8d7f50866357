package io.ablate.cuda;

/** What an array on a device holds. */
public enum ElementType {
  /** Whole numbers of 64 bits: words of packed masks, large counts. */
  I64(8),
  /** Whole numbers of 32 bits. */
  I32(4),
  /** Half precision. */
  F16(2),
  /** Single precision. */
  F32(4),
  /** Double precision. */
  F64(8);

  private final int bytes;

  ElementType(int bytes) {
    this.bytes = bytes;
  }

  /** Size of an element. */
  public int bytes() {
    return bytes;
  }
}
