package io.ablate.jit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.ablate.jit.WinogradTransforms.Shape;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Against the sum that defines a convolution, in double; the products between in plain Java. */
class WinogradTransformsTest {
  private static final int GAP = 24;

  /** What is written where nothing may be written. */
  private static final float UNTOUCHED = 12345;

  private final SplittableRandom random = new SplittableRandom(5);

  @BeforeAll
  static void needsTheInstructions() {
    assumeTrue(WinogradTransforms.isPossible(), "Linux on x86-64");
  }

  static Stream<Shape> shapes() {
    return Stream.of(
        shape(8, 8, 1, 1, 1),
        shape(8, 8, 3, 3, 0),
        shape(8, 16, 4, 4, 1),
        shape(16, 8, 5, 7, 1),
        shape(8, 24, 6, 9, 1),
        shape(24, 8, 9, 6, 2),
        shape(8, 8, 8, 13, 0),
        shape(16, 16, 14, 14, 1),
        // More padding before than behind.
        new Shape(8, 8, 6, 6, 2, 1, 6, 5));
  }

  private static Shape shape(int in, int out, int height, int width, int pad) {
    return new Shape(in, out, height, width, pad, pad, height + 2 * pad - 2, width + 2 * pad - 2);
  }

  @ParameterizedTest
  @MethodSource("shapes")
  void shouldConvolve(Shape shape) {
    compare(shape, List.of());
  }

  @ParameterizedTest
  @MethodSource("shapes")
  void shouldMaskAddAndCutOffBeforeWriting(Shape shape) {
    compare(
        shape,
        List.of(TileOp.MULTIPLY_CHANNEL, TileOp.ADD_CHANNEL, TileOp.ADD_TENSOR, TileOp.RELU));
  }

  @ParameterizedTest
  @MethodSource("shapes")
  void shouldDoWhatFollowsInOrder(Shape shape) {
    compare(
        shape,
        List.of(
            TileOp.RELU,
            TileOp.SUBTRACT_TENSOR,
            TileOp.MULTIPLY_TENSOR,
            TileOp.ADD_CHANNEL,
            TileOp.RELU,
            TileOp.MULTIPLY_CHANNEL));
  }

  private void compare(Shape shape, List<TileOp> then) {
    int inSize = shape.height() * shape.width() * shape.in();
    int outSize = shape.outHeight() * shape.outWidth() * shape.out();
    float[] input = values(inSize);
    float[] weight = values(shape.out() * shape.in() * 9);
    float[][] operands = new float[WinogradTransforms.MAX_OPERANDS][0];
    boolean[] tensors = new boolean[operands.length];
    int next = 0;
    for (TileOp op : then) {
      if (op.takesOperand()) {
        tensors[next] = op.name().endsWith("TENSOR");
        operands[next] = values(tensors[next] ? outSize : shape.out());
        next++;
      }
    }
    float[] found = run(shape, then, input, weight, operands, tensors, outSize);
    for (int y = 0; y < shape.outHeight(); y++) {
      for (int x = 0; x < shape.outWidth(); x++) {
        for (int o = 0; o < shape.out(); o++) {
          int at = (y * shape.outWidth() + x) * shape.out() + o;
          double expected = follow(then, direct(shape, input, weight, y, x, o), operands, at, o);
          // Values lie within ±1: the error is that of sums of 9·in products.
          assertThat((double) found[at])
              .as("%s at %d, %d, %d", shape, y, x, o)
              .isCloseTo(expected, Offset.offset(2e-6 * (9 * shape.in())));
        }
      }
    }
    assertThat(found[outSize]).isEqualTo(UNTOUCHED);
  }

  private float[] values(int size) {
    float[] values = new float[size];
    for (int i = 0; i < size; i++) {
      values[i] = (float) random.nextDouble(-1, 1);
    }
    return values;
  }

  private static double direct(Shape s, float[] input, float[] weight, int y, int x, int o) {
    double sum = 0;
    for (int p = 0; p < 3; p++) {
      for (int q = 0; q < 3; q++) {
        int row = y + p - s.top();
        int column = x + q - s.left();
        if (row < 0 || row >= s.height() || column < 0 || column >= s.width()) {
          continue;
        }
        for (int i = 0; i < s.in(); i++) {
          sum +=
              (double) input[(row * s.width() + column) * s.in() + i]
                  * weight[((o * s.in() + i) * 3 + p) * 3 + q];
        }
      }
    }
    return sum;
  }

  private static double follow(
      List<TileOp> then, double value, float[][] operands, int at, int channel) {
    double result = value;
    int next = 0;
    for (TileOp op : then) {
      float[] operand = operands[Math.min(next, operands.length - 1)];
      result =
          switch (op) {
            case RELU -> Math.max(result, 0);
            case ADD_CHANNEL -> result + operand[channel];
            case MULTIPLY_CHANNEL -> result * operand[channel];
            case ADD_TENSOR -> result + operand[at];
            case SUBTRACT_TENSOR -> result - operand[at];
            case MULTIPLY_TENSOR -> result * operand[at];
          };
      next += op.takesOperand() ? 1 : 0;
    }
    return result;
  }

  /** Two images of which the second is checked: tiles of the first lie before it. */
  private static float[] run(
      Shape shape,
      List<TileOp> then,
      float[] input,
      float[] weight,
      float[][] operands,
      boolean[] tensors,
      int outSize) {
    int tiles = 2 * shape.tiles();
    int inPlane = tiles * shape.in() + GAP;
    int outPlane = tiles * shape.out() + GAP;
    try (Arena arena = Arena.ofConfined();
        WinogradTransforms transforms = new WinogradTransforms(shape, inPlane, outPlane, then)) {
      MemorySegment planes = allocate(arena, WinogradTransforms.PLANES * inPlane);
      MemorySegment products = allocate(arena, WinogradTransforms.PLANES * outPlane);
      MemorySegment source = allocate(arena, input.length);
      source.copyFrom(MemorySegment.ofArray(input));
      long inImage = (long) shape.tiles() * shape.in() * Float.BYTES;
      transforms.input(source.address(), planes.address());
      transforms.input(source.address(), planes.address() + inImage);
      multiply(
          shape, WinogradTransforms.weights(weight, shape.in(), shape.out()), planes, products);
      MemorySegment target = allocate(arena, outSize + 1);
      target.fill((byte) 0x7f);
      target.setAtIndex(ValueLayout.JAVA_FLOAT, outSize, UNTOUCHED);
      long[] addresses = new long[operands.length];
      for (int i = 0; i < operands.length; i++) {
        MemorySegment operand = allocate(arena, Math.max(1, operands[i].length));
        operand.asSlice(0, operands[i].length * 4L).copyFrom(MemorySegment.ofArray(operands[i]));
        addresses[i] = operand.address();
      }
      long outImage = (long) shape.tiles() * shape.out() * Float.BYTES;
      transforms.output(products.address() + outImage, target.address(), addresses, tensors);
      return target.toArray(ValueLayout.JAVA_FLOAT);
    }
  }

  private static MemorySegment allocate(Arena arena, int floats) {
    return arena.allocate((long) floats * Float.BYTES, 64);
  }

  private static void multiply(
      Shape shape, float[] weights, MemorySegment planes, MemorySegment products) {
    int tiles = 2 * shape.tiles();
    int inPlane = tiles * shape.in() + GAP;
    int outPlane = tiles * shape.out() + GAP;
    for (int plane = 0; plane < WinogradTransforms.PLANES; plane++) {
      for (int t = 0; t < tiles; t++) {
        for (int o = 0; o < shape.out(); o++) {
          double sum = 0;
          for (int i = 0; i < shape.in(); i++) {
            long at = (long) plane * inPlane + t * shape.in() + i;
            sum +=
                (double) planes.getAtIndex(ValueLayout.JAVA_FLOAT, at)
                    * weights[(plane * shape.in() + i) * shape.out() + o];
          }
          products.setAtIndex(
              ValueLayout.JAVA_FLOAT, (long) plane * outPlane + t * shape.out() + o, (float) sum);
        }
      }
    }
  }
}
