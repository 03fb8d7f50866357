package io.ablate.jit;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * A convolution of 3×3 windows with stride 1 as 36 matrix products (Winograd 1980; Lavin, Gray
 * 2016): {@link #input} brings tiles of the input into 36 planes [tiles, in], the caller multiplies
 * plane by plane with the {@link #weights}, {@link #output} brings the products back and applies
 * what follows. A quarter of the multiplications of the direct sum; relative error about 10⁻⁵ in
 * float32. Tensors have channels innermost. Immutable and thread-safe.
 */
public final class WinogradTransforms implements AutoCloseable {
  /** Matrix products of one convolution. */
  public static final int PLANES = TransformWriter.IN * TransformWriter.IN;

  /** Operands that {@link TileOp}s may have together. */
  public static final int MAX_OPERANDS = TransformWriter.OPERANDS;

  /** Channels come in vectors. */
  public static final int VECTOR = 8;

  private static final double[][] G = {
    {1 / 4.0, 0, 0},
    {-1 / 6.0, -1 / 6.0, -1 / 6.0},
    {-1 / 6.0, 1 / 6.0, -1 / 6.0},
    {1 / 24.0, 1 / 12.0, 1 / 6.0},
    {1 / 24.0, -1 / 12.0, 1 / 6.0},
    {0, 0, 1}
  };

  private final Shape shape;
  private final MachineCode code;
  private final MemorySegment[] inputs;
  private final MemorySegment[] outputs;
  private final long[] inputStart;
  private final long[] outputStart;

  /**
   * Extents of a convolution.
   *
   * @param in channels of the input, a multiple of {@link #VECTOR}
   * @param out channels of the output, a multiple of {@link #VECTOR}
   * @param height positions of the input
   * @param width positions of the input
   * @param top padding
   * @param left padding
   * @param outHeight positions of the output
   * @param outWidth positions of the output
   */
  public record Shape(
      int in, int out, int height, int width, int top, int left, int outHeight, int outWidth) {
    int tileRows() {
      return (outHeight + TransformWriter.OUT - 1) / TransformWriter.OUT;
    }

    int tileColumns() {
      return (outWidth + TransformWriter.OUT - 1) / TransformWriter.OUT;
    }

    /** Tiles of one image. */
    public int tiles() {
      return tileRows() * tileColumns();
    }
  }

  /**
   * Makes the transforms.
   *
   * @param inPlane floats from one plane of the transformed input to the next
   * @param outPlane floats from one plane of the products to the next
   * @param then what follows the convolution
   * @throws IllegalStateException if the system does not let this process make executable memory
   */
  public WinogradTransforms(Shape shape, int inPlane, int outPlane, List<TileOp> then) {
    this.shape = shape;
    int tiles = shape.tiles();
    this.inputs = new MemorySegment[tiles];
    this.outputs = new MemorySegment[tiles];
    this.inputStart = new long[tiles];
    this.outputStart = new long[tiles];
    List<byte[]> functions = new ArrayList<>();
    Map<String, Integer> numbers = new HashMap<>();
    int[] inputNumber = new int[tiles];
    int[] outputNumber = new int[tiles];
    for (int t = 0; t < tiles; t++) {
      int row = t / shape.tileColumns() * TransformWriter.OUT;
      int column = t % shape.tileColumns() * TransformWriter.OUT;
      int rows = inside(row - shape.top, shape.height);
      int columns = inside(column - shape.left, shape.width);
      long first = (long) (row - shape.top) * shape.width + column - shape.left;
      inputStart[t] = first * shape.in * Float.BYTES;
      inputNumber[t] =
          number(
              numbers,
              "in " + rows + " " + columns,
              functions,
              TransformWriter.input(shape.in, shape.width, rows, columns, inPlane * Float.BYTES));
      int height = Math.min(TransformWriter.OUT, shape.outHeight - row);
      int width = Math.min(TransformWriter.OUT, shape.outWidth - column);
      outputStart[t] = ((long) row * shape.outWidth + column) * shape.out * Float.BYTES;
      outputNumber[t] =
          number(
              numbers,
              "out " + height + " " + width,
              functions,
              TransformWriter.output(
                  shape.out, shape.outWidth, height, width, outPlane * Float.BYTES, then));
    }
    this.code = new MachineCode(functions);
    for (int t = 0; t < tiles; t++) {
      inputs[t] = code.entry(inputNumber[t]);
      outputs[t] = code.entry(outputNumber[t]);
    }
  }

  /** Whether this machine can run them; the processor must have AVX2 and FMA besides. */
  public static boolean isPossible() {
    return MachineCode.isPossible();
  }

  private static int number(
      Map<String, Integer> numbers, String key, List<byte[]> functions, byte[] code) {
    return numbers.computeIfAbsent(
        key,
        absent -> {
          functions.add(code);
          return functions.size() - 1;
        });
  }

  /** Which of six positions lie in a tensor, as bits. */
  private static int inside(int first, int extent) {
    int bits = 0;
    for (int i = 0; i < TransformWriter.IN; i++) {
      bits |= first + i >= 0 && first + i < extent ? 1 << i : 0;
    }
    return bits;
  }

  public Shape shape() {
    return shape;
  }

  /**
   * Weights of the 36 products.
   *
   * @param weight [out, in, 3, 3]
   * @return [36, in, out]
   */
  public static float[] weights(float[] weight, int in, int out) {
    float[] planes = new float[Math.multiplyExact(PLANES, Math.multiplyExact(in, out))];
    double[][] half = new double[TransformWriter.IN][3];
    for (int o = 0; o < out; o++) {
      for (int i = 0; i < in; i++) {
        int start = (o * in + i) * 9;
        for (int a = 0; a < TransformWriter.IN; a++) {
          for (int q = 0; q < 3; q++) {
            half[a][q] = 0;
            for (int p = 0; p < 3; p++) {
              half[a][q] += G[a][p] * weight[start + p * 3 + q];
            }
          }
        }
        for (int a = 0; a < TransformWriter.IN; a++) {
          for (int b = 0; b < TransformWriter.IN; b++) {
            double sum = half[a][0] * G[b][0] + half[a][1] * G[b][1] + half[a][2] * G[b][2];
            planes[((a * TransformWriter.IN + b) * in + i) * out + o] = (float) sum;
          }
        }
      }
    }
    return planes;
  }

  /**
   * Transforms one image.
   *
   * @param source address of [height, width, in]
   * @param planes address of the first tile of this image in the first plane, [tiles, in]
   */
  public void input(long source, long planes) {
    long tile = (long) shape.in * Float.BYTES;
    for (int t = 0; t < inputs.length; t++) {
      MachineCode.callShort(inputs[t], source + inputStart[t], planes + t * tile, 0, 0, 0, 0);
    }
  }

  /**
   * Transforms the products of one image back.
   *
   * @param planes address of the first tile of this image in the first plane, [tiles, out]
   * @param target address of [height, width, out]
   * @param operands addresses for what follows: of a number per channel, or of a tensor like the
   *     target
   * @param tensors which of the operands are tensors
   */
  public void output(long planes, long target, long[] operands, boolean[] tensors) {
    long tile = (long) shape.out * Float.BYTES;
    for (int t = 0; t < outputs.length; t++) {
      long at = outputStart[t];
      MachineCode.callShort(
          outputs[t],
          planes + t * tile,
          target + at,
          operands[0] + (tensors[0] ? at : 0),
          operands[1] + (tensors[1] ? at : 0),
          operands[2] + (tensors[2] ? at : 0),
          operands[3] + (tensors[3] ? at : 0));
    }
  }

  @Override
  public void close() {
    code.close();
  }
}
