package io.ablate.base;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;

/**
 * A {@code .npy} file open for reading, row by row, so that large arrays are never held whole. A
 * <em>row</em> is everything below one index of the first axis, in C order whatever the order in
 * the file. Not thread-safe.
 */
public final class NpyFile implements AutoCloseable {
  private final Path file;
  private final FileChannel channel;
  private final NpyHeader header;

  private NpyFile(Path file, FileChannel channel, NpyHeader header) {
    this.file = file;
    this.channel = channel;
    this.header = header;
  }

  /**
   * Opens a file and checks its header and length.
   *
   * @throws BadInputException if it cannot be read, is no {@code .npy} file, or is truncated
   */
  public static NpyFile open(Path file) {
    FileChannel channel = null;
    try {
      channel = FileChannel.open(InputFile.require(file), StandardOpenOption.READ);
      return new NpyFile(file, channel, NpyHeader.read(channel, file));
    } catch (IOException | RuntimeException e) {
      if (channel != null) {
        try {
          channel.close();
        } catch (IOException suppressed) {
          e.addSuppressed(suppressed);
        }
      }
      if (e instanceof IOException io) {
        throw new BadInputException(AtomicFile.cannotRead(file, io), io);
      }
      throw (RuntimeException) e;
    }
  }

  /** Reads a whole array as doubles in C order. */
  public static double[] readDoubles(Path file) {
    try (NpyFile npy = open(file)) {
      return npy.rows(0, npy.rows());
    }
  }

  public Path file() {
    return file;
  }

  public NpyHeader header() {
    return header;
  }

  public long[] shape() {
    return header.shape().clone();
  }

  /** Extent of the first axis; 1 for a scalar. */
  public long rows() {
    return header.shape().length == 0 ? 1 : header.shape()[0];
  }

  /**
   * Elements in one row.
   *
   * @throws BadInputException if they are more than an array in memory can hold
   */
  public int rowLength() {
    long product = 1;
    for (int i = 1; i < header.shape().length; i++) {
      product = requireCount(product, header.shape()[i]);
    }
    return (int) product;
  }

  private int requireCount(long rows, long length) {
    if (length > Integer.MAX_VALUE / Math.max(1, rows)) {
      throw new BadInputException(
          Problem.of("array too large to be read at once")
              .at(file)
              .expected("fewer than 2^31 elements")
              .found("shape " + Arrays.toString(header.shape())));
    }
    return (int) (rows * length);
  }

  /**
   * Requires a shape; −1 stands for any extent.
   *
   * @throws BadInputException naming the file, the expected and the found shape
   */
  public NpyFile requireShape(long... expected) {
    long[] shape = header.shape();
    boolean same = shape.length == expected.length;
    for (int i = 0; same && i < shape.length; i++) {
      same = expected[i] < 0 || expected[i] == shape[i];
    }
    if (!same) {
      throw new BadInputException(
          Problem.of("wrong shape")
              .at(file)
              .expected(Arrays.toString(expected).replace("-1", "any"))
              .found(Arrays.toString(shape)));
    }
    return this;
  }

  /**
   * Requires an element type, and C order: what {@link #read} needs to be told apart.
   *
   * @throws BadInputException naming the file, the expected and the found type
   */
  public NpyFile requireType(NpyType type) {
    boolean fortran = header.fortranOrder() && header.shape().length > 1;
    if (header.type() != type || fortran) {
      throw new BadInputException(
          Problem.of("not an array of this store")
              .at(file)
              .expected(type.descriptor() + " in C order")
              .found(header.type().descriptor() + (fortran ? ", Fortran order" : "")));
    }
    return this;
  }

  /** Rows {@code first} to {@code first + count − 1} as doubles, in C order. */
  public double[] rows(long first, long count) {
    if (first < 0 || count < 0 || first + count > rows()) {
      throw new IllegalArgumentException(
          "rows " + first + " + " + count + " outside 0.." + rows() + " of " + file);
    }
    int length = rowLength();
    double[] values = new double[requireCount(count, length)];
    if (header.fortranOrder() && header.shape().length > 1) {
      readFortran(first, (int) count, values);
    } else {
      ByteBuffer bytes = read(first * length, values.length);
      for (int i = 0; i < values.length; i++) {
        values[i] = element(bytes, i);
      }
    }
    return values;
  }

  private void readFortran(long first, int count, double[] values) {
    long[] shape = header.shape();
    int length = rowLength();
    for (int j = 0; j < length; j++) {
      // j counts C-order positions below the row; find its offset with the first axis fastest.
      long rest = j;
      long offset = 0;
      long below = length;
      long stride = shape[0];
      for (int axis = 1; axis < shape.length; axis++) {
        below /= shape[axis];
        offset += rest / below * stride;
        rest %= below;
        stride *= shape[axis];
      }
      ByteBuffer bytes = read(offset + first, count);
      for (int i = 0; i < count; i++) {
        values[i * length + j] = element(bytes, i);
      }
    }
  }

  /** The raw little-endian bytes of elements in file order. */
  public ByteBuffer read(long firstElement, int elements) {
    int width = header.type().bytes();
    ByteBuffer bytes =
        ByteBuffer.allocate(Math.multiplyExact(elements, width)).order(ByteOrder.LITTLE_ENDIAN);
    long position = header.dataOffset() + firstElement * width;
    try {
      while (bytes.hasRemaining()) {
        int n = channel.read(bytes, position + bytes.position());
        if (n < 0) {
          throw new IOException("file ended early");
        }
      }
    } catch (IOException e) {
      throw new BadInputException(AtomicFile.cannotRead(file, e), e);
    }
    return bytes.flip();
  }

  private double element(ByteBuffer bytes, int index) {
    return switch (header.type()) {
      case BOOL, INT8 -> bytes.get(index);
      case UINT8 -> bytes.get(index) & 0xff;
      case INT16 -> bytes.getShort(index * 2);
      case INT32 -> bytes.getInt(index * 4);
      case INT64 -> bytes.getLong(index * 8);
      case FLOAT16 -> Float.float16ToFloat(bytes.getShort(index * 2));
      case FLOAT32 -> bytes.getFloat(index * 4);
      case FLOAT64 -> bytes.getDouble(index * 8);
    };
  }

  @Override
  public void close() {
    try {
      channel.close();
    } catch (IOException e) {
      throw new BadInputException(AtomicFile.cannotRead(file, e), e);
    }
  }
}
