package io.ablate.jit;

import java.io.ByteArrayOutputStream;

/**
 * Encodes the few x86-64 instructions that the transforms consist of: AVX, AVX2 and FMA on vectors
 * of eight float32 (bfloat16 in memory), and a counted loop. Registers are numbers, vectors 0 to
 * 15; a memory operand is a base register and a constant displacement.
 */
final class Assembler {
  static final int RAX = 0;
  static final int RCX = 1;
  static final int RDX = 2;
  static final int RSP = 4;
  static final int RSI = 6;
  static final int RDI = 7;
  static final int R8 = 8;
  static final int R9 = 9;

  /** Opcode maps and mandatory prefixes of the VEX encoding. */
  private static final int MAP_0F = 1;

  private static final int MAP_0F38 = 2;
  private static final int MAP_0F3A = 3;
  private static final int NO_PREFIX = 0;
  private static final int PREFIX_66 = 1;

  private final ByteArrayOutputStream code = new ByteArrayOutputStream();

  byte[] code() {
    return code.toByteArray();
  }

  int position() {
    return code.size();
  }

  private void bytes(int... values) {
    for (int value : values) {
      code.write(value);
    }
  }

  private void word(int value) {
    bytes(value, value >> 8, value >> 16, value >> 24);
  }

  /** Three-byte VEX prefix and opcode; the extension bits are stored inverted. */
  private void vex(int map, int prefix, boolean wide, int register, int second, int base, int op) {
    bytes(
        0xC4,
        (register < 8 ? 0x80 : 0) | 0x40 | (base < 8 ? 0x20 : 0) | map,
        (~second & 15) << 3 | (wide ? 4 : 0) | prefix,
        op);
  }

  private void memory(int register, int base, int displacement) {
    bytes(0x80 | (register & 7) << 3 | base & 7);
    if ((base & 7) == RSP) {
      bytes(0x24);
    }
    word(displacement);
  }

  private void register(int register, int other) {
    bytes(0xC0 | (register & 7) << 3 | other & 7);
  }

  private void arithmetic(int op, int target, int first, int second) {
    vex(MAP_0F, NO_PREFIX, true, target, first, second, op);
    register(target, second);
  }

  private void arithmetic(int op, int target, int first, int base, int displacement) {
    vex(MAP_0F, NO_PREFIX, true, target, first, base, op);
    memory(target, base, displacement);
  }

  void load(int target, int base, int displacement) {
    arithmetic(0x10, target, 0, base, displacement);
  }

  void store(int source, int base, int displacement) {
    arithmetic(0x11, source, 0, base, displacement);
  }

  void copy(int target, int source) {
    arithmetic(0x28, target, 0, source);
  }

  void zero(int target) {
    arithmetic(0x57, target, target, target);
  }

  void add(int target, int first, int second) {
    arithmetic(0x58, target, first, second);
  }

  void add(int target, int first, int base, int displacement) {
    arithmetic(0x58, target, first, base, displacement);
  }

  void subtract(int target, int first, int second) {
    arithmetic(0x5C, target, first, second);
  }

  void subtract(int target, int first, int base, int displacement) {
    arithmetic(0x5C, target, first, base, displacement);
  }

  void multiply(int target, int first, int base, int displacement) {
    arithmetic(0x59, target, first, base, displacement);
  }

  void multiply(int target, int first, int second) {
    arithmetic(0x59, target, first, second);
  }

  void and(int target, int first, int second) {
    arithmetic(0x54, target, first, second);
  }

  /** All bits set where first is greater than second, none elsewhere. */
  void greater(int target, int first, int second) {
    arithmetic(0xC2, target, first, second);
    bytes(0x1E); // GT_OQ
  }

  void maximum(int target, int first, int second) {
    arithmetic(0x5F, target, first, second);
  }

  /** target += first · second. */
  void addProduct(int target, int first, int second) {
    vex(MAP_0F38, PREFIX_66, true, target, first, second, 0xB8);
    register(target, second);
  }

  /** target −= first · second. */
  void subtractProduct(int target, int first, int second) {
    vex(MAP_0F38, PREFIX_66, true, target, first, second, 0xBC);
    register(target, second);
  }

  /** All elements the same; changes RAX. */
  void constant(int target, float value) {
    integerConstant(target, Float.floatToRawIntBits(value));
  }

  /** All elements the same integer; changes RAX. */
  void integerConstant(int target, int value) {
    bytes(0xB8 | RAX);
    word(value);
    vex(MAP_0F, PREFIX_66, false, target, 0, RAX, 0x6E);
    register(target, RAX);
    vex(MAP_0F38, PREFIX_66, true, target, 0, target, 0x18);
    register(target, target);
  }

  /** Eight bfloat16 as float32: they are its upper halves. */
  void loadWidened(int target, int base, int displacement) {
    vex(MAP_0F38, PREFIX_66, true, target, 0, base, 0x33); // vpmovzxwd
    memory(target, base, displacement);
    shift(target, target, 6, 16); // vpslld
  }

  /**
   * Stores eight float32 as bfloat16, rounded to the nearest, ties to even; what is not a number
   * stays so.
   *
   * @param one register of the integer 1
   * @param half register of the integer 0x7FFF
   * @param free register that is changed
   * @param other register that is changed
   */
  void storeNarrowed(
      int source, int base, int displacement, int one, int half, int free, int other) {
    arithmetic(0xC2, other, source, source);
    bytes(0x03); // UNORD_Q
    shift(free, source, 2, 16); // vpsrld
    and(free, free, one);
    addIntegers(free, free, half);
    addIntegers(free, free, source);
    arithmetic(0x56, free, free, other); // vorps
    shift(free, free, 2, 16);
    vex(MAP_0F3A, PREFIX_66, true, free, 0, other, 0x39); // vextracti128
    register(free, other);
    bytes(1);
    vex(MAP_0F38, PREFIX_66, false, free, free, other, 0x2B); // vpackusdw
    register(free, other);
    vex(MAP_0F, NO_PREFIX, false, free, 0, base, 0x11);
    memory(free, base, displacement);
  }

  private void addIntegers(int target, int first, int second) {
    vex(MAP_0F, PREFIX_66, true, target, first, second, 0xFE);
    register(target, second);
  }

  /** Shifts integers of 32 bits; the kind is 6 to the left, 2 to the right. */
  private void shift(int target, int source, int kind, int bits) {
    vex(MAP_0F, PREFIX_66, true, kind, target, source, 0x72);
    register(kind, source);
    bytes(bits);
  }

  void addConstant(int target, int value) {
    bytes(target < 8 ? 0x48 : 0x49, 0x81, 0xC0 | target & 7);
    word(value);
  }

  /** Sets the counter of a loop. */
  void setCounter(int value) {
    bytes(0xB8 | RAX);
    word(value);
  }

  /** Counts down and goes on at a position that was passed before, until the counter is 0. */
  void loop(int position) {
    bytes(0xFF, 0xC8); // dec eax
    bytes(0x0F, 0x85); // jnz
    word(position - (position() + 4));
  }

  void leave() {
    bytes(0xC5, 0xF8, 0x77); // vzeroupper
    bytes(0xC3);
  }
}
