package io.ablate.mask;

import io.ablate.base.BadInputException;
import io.ablate.base.NpyFile;
import io.ablate.base.Problem;
import io.ablate.base.Sha256;
import java.nio.file.Path;
import java.util.Map;

/**
 * Masks from a {@code .npy} file of bool, integer or float values that are exactly 0 or 1, shape
 * [rows, n]. Rows are read as they are asked for, a block at a time, so that memory does not grow
 * with the file.
 */
public final class FileMasks implements MaskDesign, AutoCloseable {
  private static final int BLOCK_ELEMENTS = 1 << 18;

  private final NpyFile npy;
  private final int columns;
  private final long rows;
  private final int blockRows;
  private final String sha256;
  private MaskMatrix block;
  private long blockFirst = -1;

  private FileMasks(NpyFile npy, int columns, String sha256) {
    this.npy = npy;
    this.columns = columns;
    this.rows = npy.rows();
    this.blockRows = Math.max(1, BLOCK_ELEMENTS / columns);
    this.sha256 = sha256;
    this.block = new MaskMatrix(0, columns);
  }

  /**
   * Opens a file and checks every value.
   *
   * @param columns number of components, n
   * @throws BadInputException if the file is not two-dimensional, not n wide, or holds anything but
   *     0 and 1 (naming row and column)
   */
  public static FileMasks open(Path file, int columns) {
    NpyFile npy = NpyFile.open(file);
    try {
      long[] shape = npy.shape();
      if (shape.length != 2 || shape[1] != columns) {
        throw new BadInputException(
            Problem.of("masks of the wrong width")
                .at(file)
                .expected("shape [rows, " + columns + "], one column per component")
                .found(java.util.Arrays.toString(shape))
                .remedy("use masks that were made for this model and component rule"));
      }
      if (shape[0] == 0) {
        throw new BadInputException(
            Problem.of("a file of masks without a row").at(file).expected("one row or more"));
      }
      FileMasks masks = new FileMasks(npy, columns, Sha256.of(file));
      for (long row = 0; row < masks.rows; row += masks.blockRows) {
        masks.load(row);
      }
      return masks;
    } catch (RuntimeException e) {
      npy.close();
      throw e;
    }
  }

  @Override
  public int columns() {
    return columns;
  }

  @Override
  public long rows() {
    return rows;
  }

  @Override
  public Map<String, Object> provenance() {
    return Map.of("design", "file", "sha256", sha256);
  }

  @Override
  public synchronized void row(long row, long[] words, int offset) {
    if (row < 0 || row >= rows) {
      throw new IllegalArgumentException("row " + row + " outside 0.." + rows);
    }
    load(row / blockRows * blockRows);
    int count = block.wordsPerRow();
    System.arraycopy(block.words(), (int) (row - blockFirst) * count, words, offset, count);
  }

  private void load(long first) {
    if (first != blockFirst) {
      block = read(npy, first, (int) Math.min(blockRows, rows - first));
      blockFirst = first;
    }
  }

  /**
   * Reads rows of a two-dimensional array as a mask.
   *
   * @throws BadInputException naming row and column of a value that is neither 0 nor 1
   */
  public static MaskMatrix read(NpyFile npy, long first, int count) {
    int columns = npy.rowLength();
    double[] values = npy.rows(first, count);
    MaskMatrix masks = new MaskMatrix(count, columns);
    for (int i = 0; i < count; i++) {
      for (int j = 0; j < columns; j++) {
        double value = values[i * columns + j];
        if (value == 1) {
          masks.set(i, j, true);
        } else if (value != 0) {
          throw new BadInputException(
              Problem.of("not a mask")
                  .at(npy.file() + ", row " + (first + i) + ", column " + j)
                  .expected("0 or 1")
                  .found(value));
        }
      }
    }
    return masks;
  }

  @Override
  public void close() {
    npy.close();
  }
}
