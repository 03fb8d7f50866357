package io.ablate.jit;

/** The upper half of a float32: eight bits of exponent, seven of mantissa. */
public final class Bfloat16 {
  private static final int NOT_A_NUMBER = 0xFFFF;

  private Bfloat16() {}

  /** The nearest, ties to even; what is not a number stays so. */
  public static short of(float value) {
    int bits = Float.floatToRawIntBits(value);
    int rounded = bits + 0x7FFF + (bits >>> 16 & 1) >>> 16;
    return (short) (Float.isNaN(value) ? NOT_A_NUMBER : rounded);
  }

  /** The same number. */
  public static float value(short bits) {
    return Float.intBitsToFloat(bits << 16);
  }

  /** A number as it comes back from storage. */
  public static float rounded(float value) {
    return value(of(value));
  }
}
