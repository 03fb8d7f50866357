package io.ablate.dataset;

import io.ablate.base.AtomicFile;
import io.ablate.base.BadInputException;
import io.ablate.base.NpyFile;
import io.ablate.base.NpyHeader;
import io.ablate.base.NpyType;
import io.ablate.base.NpyWriter;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.Arrays;

/**
 * A {@code .npy} array of fixed shape, written in place. It uses {@link RandomAccessFile} because
 * an interrupted thread closes a {@code FileChannel} that it writes to, and an interrupt must not
 * cost what was computed. Not thread-safe.
 */
final class ArrayFile implements AutoCloseable {
  private static final int COPY_BYTES = 1 << 20;

  private final Path path;
  private final RandomAccessFile file;
  private final NpyHeader header;
  private ByteBuffer buffer = ByteBuffer.allocate(0);

  private ArrayFile(Path path, RandomAccessFile file, NpyHeader header) {
    this.path = path;
    this.file = file;
    this.header = header;
  }

  /** Creates an array of zeros that takes no room until it is written; replaces what was there. */
  static void allocate(Path path, NpyType type, long... shape) {
    byte[] header = NpyWriter.header(type, shape);
    long bytes = Arrays.stream(shape).reduce(type.bytes(), Math::multiplyExact);
    try (RandomAccessFile file = new RandomAccessFile(path.toFile(), "rw")) {
      file.setLength(0);
      file.write(header);
      file.setLength(header.length + bytes);
    } catch (IOException e) {
      throw new BadInputException(AtomicFile.cannotWrite(path, e), e);
    }
  }

  /**
   * Opens an array for writing.
   *
   * @throws BadInputException if it is missing, truncated, or of another type or shape
   */
  static ArrayFile open(Path path, NpyType type, long... shape) {
    NpyHeader header;
    try (NpyFile npy = NpyFile.open(path)) {
      header = npy.requireShape(shape).requireType(type).header();
    }
    try {
      return new ArrayFile(path, new RandomAccessFile(path.toFile(), "rw"), header);
    } catch (IOException e) {
      throw new BadInputException(AtomicFile.cannotWrite(path, e), e);
    }
  }

  long[] shape() {
    return header.shape();
  }

  void write(long element, byte[] values, int bytes) throws IOException {
    file.seek(header.dataOffset() + element * header.type().bytes());
    file.write(values, 0, bytes);
  }

  void write(long element, float[] values, int count) throws IOException {
    if (buffer.capacity() < count * 4) {
      buffer = ByteBuffer.allocate(count * 4).order(ByteOrder.LITTLE_ENDIAN);
    }
    buffer.asFloatBuffer().put(values, 0, count);
    write(element, buffer.array(), count * 4);
  }

  /** Copies all rows of an array of the same row shape to {@code row} and after. */
  void copy(NpyFile source, int row) throws IOException {
    long length = source.rowLength();
    long total = source.rows() * length;
    int block = COPY_BYTES / header.type().bytes();
    for (long at = 0; at < total; at += block) {
      byte[] bytes = source.read(at, (int) Math.min(block, total - at)).array();
      write(row * length + at, bytes, bytes.length);
    }
  }

  byte[] read(long element, int elements) {
    byte[] bytes = new byte[elements * header.type().bytes()];
    try {
      file.seek(header.dataOffset() + element * header.type().bytes());
      file.readFully(bytes);
    } catch (IOException e) {
      throw new BadInputException(AtomicFile.cannotRead(path, e), e);
    }
    return bytes;
  }

  /** Brings what was written to the device. */
  void force() throws IOException {
    file.getFD().sync();
  }

  @Override
  public void close() {
    try {
      file.close();
    } catch (IOException e) {
      throw new BadInputException(AtomicFile.cannotWrite(path, e), e);
    }
  }
}
