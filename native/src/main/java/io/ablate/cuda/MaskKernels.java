package io.ablate.cuda;

import static io.ablate.cuda.ElementType.F16;
import static io.ablate.cuda.ElementType.F32;
import static io.ablate.cuda.ElementType.F64;
import static io.ablate.cuda.ElementType.I64;

import io.ablate.mask.BernoulliMasks;
import io.ablate.mask.MaskMatrix;

/**
 * Masks on a device ({@code masks.cu}): rows × words of {@link ElementType#I64}, packed as {@link
 * MaskMatrix} packs them.
 */
public final class MaskKernels {
  private static final String MODULE = "masks";
  private static final int WORD = 64;

  private MaskKernels() {}

  /**
   * Draws rows {@code first} onward of a design: the bits of {@link BernoulliMasks}.
   *
   * @param words [rows, words] of {@link ElementType#I64}, overwritten
   */
  static void draw(Device device, BernoulliMasks design, long first, DeviceArray words) {
    words.requireAxes(I64, 2);
    int rows = words.extent(0);
    int perRow = MaskMatrix.wordsPerRow(design.columns());
    device
        .kernel(MODULE, "bernoulli_masks")
        .striding(words.elements())
        .with(words.require(I64, rows, perRow))
        .with(first)
        .with(design.seed())
        .with(design.threshold())
        .with(rows)
        .with(design.columns())
        .with(perRow)
        .launch();
  }

  /**
   * Masks as 0 and 1.
   *
   * @param words [rows, words] of {@link ElementType#I64}
   * @param out [rows, columns] of {@link ElementType#F16} or {@link ElementType#F32}, overwritten
   */
  public static void expand(Device device, DeviceArray words, DeviceArray out) {
    boolean half = out.type() == F16;
    out.requireAxes(half ? F16 : F32, 2);
    int rows = out.extent(0);
    int columns = out.extent(1);
    int perRow = MaskMatrix.wordsPerRow(columns);
    device
        .kernel(MODULE, half ? "expand_masks_f16" : "expand_masks_f32")
        .grid(Launch.ceilDiv(columns, 256), Math.min(rows, Launch.MOST_BLOCKS_YZ), 1)
        .block(256, 1)
        .with(words.require(I64, rows, perRow))
        .with(out)
        .with(rows)
        .with(columns)
        .with(perRow)
        .launch();
  }

  /**
   * A part of the masks as 0 and 1.
   *
   * @param words [rows, words] of {@link ElementType#I64}
   * @param row the first row of the part
   * @param column its first column
   * @param out the part, of {@link ElementType#F64}, overwritten
   */
  static void expandPart(Device device, DeviceArray words, int row, int column, DeviceArray out) {
    words.requireAxes(I64, 2);
    out.requireAxes(F64, 2);
    int rows = out.extent(0);
    int columns = out.extent(1);
    if (row < 0
        || row + rows > words.extent(0)
        || column < 0
        || column + columns > WORD * (long) words.extent(1)) {
      throw new IllegalArgumentException(
          out + " from row " + row + " and column " + column + " of " + words);
    }
    device
        .kernel(MODULE, "expand_part_f64")
        .grid(Launch.ceilDiv(columns, 256), Math.min(rows, Launch.MOST_BLOCKS_YZ), 1)
        .block(256, 1)
        .with(words)
        .with(out)
        .with(row)
        .with(column)
        .with(rows)
        .with(columns)
        .with(words.extent(1))
        .launch();
  }

  /**
   * Columns as rows.
   *
   * @param out [columns, words of rows], overwritten
   */
  static void transpose(Device device, DeviceArray words, int columns, DeviceArray out) {
    words.requireAxes(I64, 2);
    int rows = words.extent(0);
    int perRow = MaskMatrix.wordsPerRow(columns);
    int perColumn = MaskMatrix.wordsPerRow(rows);
    device
        .kernel(MODULE, "transpose_masks")
        .grid(Launch.ceilDiv(rows, WORD), Math.min(perRow, Launch.MOST_BLOCKS_YZ), 1)
        .block(WORD, 1)
        .with(words.require(I64, rows, perRow))
        .with(out.require(I64, columns, perColumn))
        .with(rows)
        .with(columns)
        .with(perRow)
        .with(perColumn)
        .launch();
  }
}
