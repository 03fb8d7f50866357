package io.ablate.cuda;

/** Arrays of float16 in Java, two to an int. */
final class Halves {
  private Halves() {}

  static int[] pack(float[] values) {
    int[] packed = new int[(values.length + 1) / 2];
    for (int i = 0; i < values.length; i++) {
      put(packed, i, values[i]);
    }
    return packed;
  }

  /** Rounds a value into a place that holds 0. */
  static void put(int[] packed, int index, float value) {
    packed[index / 2] |= (Float.floatToFloat16(value) & 0xFFFF) << index % 2 * 16;
  }

  static float get(int[] packed, int index) {
    return Float.float16ToFloat((short) (packed[index / 2] >>> index % 2 * 16));
  }
}
