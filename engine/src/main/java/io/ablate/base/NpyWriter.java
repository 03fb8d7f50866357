package io.ablate.base;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;

/** Writes {@code .npy} files: version 1, little-endian, C order, atomically. */
public final class NpyWriter {
  private NpyWriter() {}

  /** The header bytes for an array of the given type and shape. */
  public static byte[] header(NpyType type, long... shape) {
    return NpyHeader.encode(type, shape);
  }

  /** Writes float32 [rows × columns]; every row must have the same length. */
  public static void writeFloats(Path file, float[][] rows) {
    int columns = rows.length == 0 ? 0 : rows[0].length;
    AtomicFile.write(
        file,
        out -> {
          out.write(header(NpyType.FLOAT32, rows.length, columns));
          for (float[] row : rows) {
            if (row.length != columns) {
              throw new IllegalArgumentException(
                  "ragged rows: " + row.length + " and " + columns + " values");
            }
            write(out, row);
          }
        });
  }

  /** Writes float32 [slabs × rows × columns]; every slab must have the same shape. */
  public static void writeFloats(Path file, float[][][] slabs) {
    int rows = slabs.length == 0 ? 0 : slabs[0].length;
    int columns = rows == 0 ? 0 : slabs[0][0].length;
    AtomicFile.write(
        file,
        out -> {
          out.write(header(NpyType.FLOAT32, slabs.length, rows, columns));
          for (float[][] slab : slabs) {
            if (slab.length != rows) {
              throw new IllegalArgumentException("ragged: " + slab.length + " and " + rows);
            }
            for (float[] row : slab) {
              if (row.length != columns) {
                throw new IllegalArgumentException("ragged: " + row.length + " and " + columns);
              }
              write(out, row);
            }
          }
        });
  }

  /** Writes float32 [values]. */
  public static void writeFloats(Path file, float[] values) {
    AtomicFile.write(
        file,
        out -> {
          out.write(header(NpyType.FLOAT32, values.length));
          write(out, values);
        });
  }

  /** Writes int32 [values]. */
  public static void writeInts(Path file, int[] values) {
    AtomicFile.write(
        file,
        out -> {
          out.write(header(NpyType.INT32, values.length));
          ByteBuffer bytes = buffer(values.length * 4);
          bytes.asIntBuffer().put(values);
          out.write(bytes.array());
        });
  }

  private static void write(OutputStream out, float[] values) throws IOException {
    ByteBuffer bytes = buffer(values.length * 4);
    bytes.asFloatBuffer().put(values);
    out.write(bytes.array());
  }

  private static ByteBuffer buffer(int bytes) {
    return ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }
}
