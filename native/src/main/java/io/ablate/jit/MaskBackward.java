package io.ablate.jit;

import static io.ablate.jit.Assembler.R8;
import static io.ablate.jit.Assembler.R9;
import static io.ablate.jit.Assembler.RCX;
import static io.ablate.jit.Assembler.RDI;
import static io.ablate.jit.Assembler.RDX;
import static io.ablate.jit.Assembler.RSI;

import java.util.ArrayList;
import java.util.List;

/**
 * The way back through y = max(m ⊙ z + b + r, 0), any part of which may be missing, for one image
 * with channels innermost. Given g = ∂f/∂y it computes, in one walk,
 *
 * <ul>
 *   <li>∂f/∂r = g ⊙ [y &gt; 0], stored or added;
 *   <li>∂f/∂m = Σ over positions of g ⊙ [y &gt; 0] ⊙ z;
 *   <li>∂f/∂z = g ⊙ [y &gt; 0] ⊙ m, in the place of g.
 * </ul>
 *
 * It is computed in float32, whatever the tensors are stored as; m and ∂f/∂m are float32 always.
 * Immutable and thread-safe.
 */
public final class MaskBackward implements AutoCloseable {
  /** Channels come in vectors. */
  public static final int VECTOR = 8;

  /** Of mask and sums. */
  private static final int BYTES = VECTOR * Float.BYTES;

  /** Vectors that are summed side by side in registers. */
  private static final int MOST = 4;

  /** First register of the sums, and of the mask. */
  private static final int SUM = 8;

  private static final int MASK = 12;

  private static final int ZERO = 7;

  /** Registers of constants and of what lies between, to store bfloat16. */
  private static final int ONE = 5;

  private static final int HALF = 6;
  private static final int FREE = 4;
  private static final int OTHER = 1;

  private final Form form;
  private final Elements elements;
  private final int positions;
  private final MachineCode code;
  private final List<Block> blocks = new ArrayList<>();

  /**
   * What there is to go back through.
   *
   * @param rectified whether negative values were cut off
   * @param masked whether there is a mask
   * @param residual what becomes of the derivative by r
   */
  public record Form(boolean rectified, boolean masked, Residual residual) {
    /** Whether there is anything to do. */
    public boolean isIdentity() {
      return !rectified && !masked && residual == Residual.NONE;
    }
  }

  /** What tensors are stored as. */
  public enum Elements {
    FLOAT32,
    BFLOAT16;

    int bytes() {
      return this == FLOAT32 ? Float.BYTES : Short.BYTES;
    }
  }

  /** What becomes of the derivative by r. */
  public enum Residual {
    /** There is no r. */
    NONE,
    /** It is stored. */
    STORED,
    /** It is added to what is there. */
    ADDED
  }

  /**
   * Addresses for one image; those of missing parts are not looked at.
   *
   * @param gradient ∂f/∂y, becomes ∂f/∂z
   * @param result y
   * @param input z
   * @param mask m, one per channel
   * @param residual ∂f/∂r
   * @param maskGradient ∂f/∂m, one per channel
   */
  public record Image(
      long gradient, long result, long input, long mask, long residual, long maskGradient) {}

  private record Block(int function, int firstChannel) {}

  /**
   * Makes the code.
   *
   * @param channels a multiple of {@link #VECTOR}
   * @param positions of an image
   * @param elements of the tensors
   * @throws IllegalStateException if the system does not let this process make executable memory
   */
  public MaskBackward(int channels, int positions, Form form, Elements elements) {
    if (channels % VECTOR != 0) {
      throw new IllegalArgumentException(channels + " channels are no multiple of " + VECTOR);
    }
    this.form = form;
    this.positions = positions;
    this.elements = elements;
    int vectors = channels / VECTOR;
    int width = Math.min(MOST, vectors);
    List<byte[]> functions = new ArrayList<>();
    functions.add(write(width, channels * elements.bytes()));
    int rest = vectors % width;
    if (rest > 0) {
      functions.add(write(rest, channels * elements.bytes()));
    }
    for (int v = 0; v + width <= vectors; v += width) {
      blocks.add(new Block(0, v * VECTOR));
    }
    if (rest > 0) {
      blocks.add(new Block(1, (vectors - rest) * VECTOR));
    }
    this.code = new MachineCode(functions);
  }

  /** Some vectors of channels at all positions. */
  private byte[] write(int vectors, int pixel) {
    Assembler asm = new Assembler();
    asm.zero(ZERO);
    if (elements == Elements.BFLOAT16) {
      asm.integerConstant(ONE, 1);
      asm.integerConstant(HALF, 0x7FFF);
    }
    for (int v = 0; v < vectors && form.masked; v++) {
      asm.zero(SUM + v);
      asm.load(MASK + v, RCX, v * BYTES);
    }
    asm.setCounter(positions);
    int top = asm.position();
    for (int v = 0; v < vectors; v++) {
      vector(asm, v);
    }
    asm.addConstant(RDI, pixel);
    asm.addConstant(RSI, pixel);
    asm.addConstant(RDX, pixel);
    asm.addConstant(R8, pixel);
    asm.loop(top);
    for (int v = 0; v < vectors && form.masked; v++) {
      asm.store(SUM + v, R9, v * BYTES);
    }
    asm.leave();
    return asm.code();
  }

  private void vector(Assembler asm, int v) {
    int at = v * VECTOR * elements.bytes();
    load(asm, 0, RDI, at);
    if (form.rectified) {
      load(asm, 1, RSI, at);
      asm.greater(1, 1, ZERO);
      asm.and(0, 0, 1);
    }
    switch (form.residual) {
      case NONE -> {}
      case STORED -> store(asm, 0, R8, at);
      case ADDED -> {
        load(asm, 2, R8, at);
        asm.add(2, 0, 2);
        store(asm, 2, R8, at);
      }
    }
    if (form.masked) {
      load(asm, 3, RDX, at);
      asm.addProduct(SUM + v, 0, 3);
      asm.multiply(0, 0, MASK + v);
    }
    store(asm, 0, RDI, at);
  }

  private void load(Assembler asm, int target, int base, int displacement) {
    switch (elements) {
      case FLOAT32 -> asm.load(target, base, displacement);
      case BFLOAT16 -> asm.loadWidened(target, base, displacement);
    }
  }

  private void store(Assembler asm, int source, int base, int displacement) {
    switch (elements) {
      case FLOAT32 -> asm.store(source, base, displacement);
      case BFLOAT16 -> asm.storeNarrowed(source, base, displacement, ONE, HALF, FREE, OTHER);
    }
  }

  /** Goes back through one image. */
  public void run(Image image) {
    for (Block block : blocks) {
      long value = (long) block.firstChannel * elements.bytes();
      long number = (long) block.firstChannel * Float.BYTES;
      MachineCode.call(
          code.entry(block.function),
          image.gradient + value,
          image.result + value,
          image.input + value,
          image.mask + number,
          image.residual + value,
          image.maskGradient + number);
    }
  }

  @Override
  public void close() {
    code.close();
  }
}
