package io.ablate.base;

/** Element types of {@code .npy} files that we read; all little-endian. */
public enum NpyType {
  BOOL("|b1", 1),
  INT8("|i1", 1),
  UINT8("|u1", 1),
  INT16("<i2", 2),
  INT32("<i4", 4),
  INT64("<i8", 8),
  FLOAT16("<f2", 2),
  FLOAT32("<f4", 4),
  FLOAT64("<f8", 8);

  private final String descriptor;
  private final int bytes;

  NpyType(String descriptor, int bytes) {
    this.descriptor = descriptor;
    this.bytes = bytes;
  }

  public String descriptor() {
    return descriptor;
  }

  public int bytes() {
    return bytes;
  }
}
