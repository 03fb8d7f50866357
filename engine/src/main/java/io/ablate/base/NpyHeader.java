package io.ablate.base;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The header of a {@code .npy} file, format versions 1 and 2 (NumPy enhancement proposal 1).
 *
 * @param type element type
 * @param fortranOrder whether the first axis runs fastest
 * @param shape extents
 * @param dataOffset offset of the first element in the file, bytes
 */
public record NpyHeader(NpyType type, boolean fortranOrder, long[] shape, long dataOffset) {
  private static final byte[] MAGIC = {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y'};
  private static final Pattern DESCR = Pattern.compile("'descr'\\s*:\\s*'([^']*)'");
  private static final Pattern ORDER = Pattern.compile("'fortran_order'\\s*:\\s*(True|False)");
  private static final Pattern SHAPE = Pattern.compile("'shape'\\s*:\\s*\\(([^)]*)\\)");

  /** Number of elements. */
  public long elements() {
    return bytesOf(shape, 1);
  }

  /**
   * @throws ArithmeticException if no file can be that long
   */
  private static long bytesOf(long[] shape, int width) {
    long product = width;
    for (long extent : shape) {
      product = Math.multiplyExact(product, extent);
    }
    return product;
  }

  /** Reads and checks the header; also that the file is long enough for its elements. */
  static NpyHeader read(FileChannel channel, Path file) throws IOException {
    ByteBuffer start = readAt(channel, 0, 12);
    if (start.remaining() < 10 || !Arrays.equals(Arrays.copyOf(start.array(), 6), MAGIC)) {
      throw bad(file, "a .npy file (magic \\x93NUMPY)", "something else");
    }
    int version = start.get(6);
    if (version != 1 && version != 2) {
      throw bad(file, ".npy format version 1 or 2", "version " + version);
    }
    int prefix = version == 1 ? 10 : 12;
    long length = version == 1 ? Short.toUnsignedInt(start.getShort(8)) : start.getInt(8);
    if (length <= 0 || prefix + length > channel.size()) {
      throw bad(file, "a header of " + length + " bytes", "a file of " + channel.size() + " bytes");
    }
    ByteBuffer body = readAt(channel, prefix, (int) length);
    String text = new String(body.array(), 0, body.remaining(), StandardCharsets.ISO_8859_1);
    NpyHeader header =
        new NpyHeader(
            type(group(DESCR, text, file), file),
            group(ORDER, text, file).equals("True"),
            shape(group(SHAPE, text, file), file),
            prefix + length);
    requireData(header, channel.size(), file);
    return header;
  }

  private static void requireData(NpyHeader header, long found, Path file) {
    long needed;
    try {
      needed = Math.addExact(header.dataOffset, bytesOf(header.shape, header.type.bytes()));
    } catch (ArithmeticException e) {
      throw new BadInputException(
          Problem.of("malformed .npy file")
              .at(file)
              .expected("a shape that a file can hold")
              .found(Arrays.toString(header.shape)),
          e);
    }
    if (found < needed) {
      throw bad(file, needed + " bytes", found + " bytes (truncated)");
    }
  }

  /** The bytes of a version 1 header whose length is a multiple of 64. */
  static byte[] encode(NpyType type, long... shape) {
    StringBuilder extents = new StringBuilder("(");
    for (int i = 0; i < shape.length; i++) {
      extents
          .append(i == 0 ? "" : " ")
          .append(shape[i])
          .append(i + 1 < shape.length || shape.length == 1 ? "," : "");
    }
    String text =
        "{'descr': '"
            + type.descriptor()
            + "', 'fortran_order': False, 'shape': "
            + extents
            + "), }";
    int total = (10 + text.length() + 1 + 63) / 64 * 64;
    ByteBuffer out = ByteBuffer.allocate(total).order(ByteOrder.LITTLE_ENDIAN);
    out.put(MAGIC).put((byte) 1).put((byte) 0).putShort((short) (total - 10));
    out.put(text.getBytes(StandardCharsets.ISO_8859_1));
    while (out.remaining() > 1) {
      out.put((byte) ' ');
    }
    return out.put((byte) '\n').array();
  }

  private static ByteBuffer readAt(FileChannel channel, long position, int length)
      throws IOException {
    ByteBuffer buffer = ByteBuffer.allocate(length).order(ByteOrder.LITTLE_ENDIAN);
    while (buffer.hasRemaining()) {
      int n = channel.read(buffer, position + buffer.position());
      if (n < 0) {
        break;
      }
    }
    return buffer.flip();
  }

  private static String group(Pattern pattern, String text, Path file) {
    Matcher matcher = pattern.matcher(text);
    if (!matcher.find()) {
      throw bad(file, "a header with descr, fortran_order and shape", text.strip());
    }
    return matcher.group(1);
  }

  private static NpyType type(String descriptor, Path file) {
    String plain = descriptor.replace('=', '<');
    for (NpyType type : NpyType.values()) {
      if (type.descriptor().equals(plain)
          || type.bytes() == 1
              && plain.length() == 3
              && type.descriptor().endsWith(plain.substring(1))) {
        return type;
      }
    }
    throw bad(file, "little-endian bool, integer or float elements", "descr '" + descriptor + "'");
  }

  private static long[] shape(String text, Path file) {
    try {
      return Arrays.stream(text.split(","))
          .map(String::strip)
          .filter(s -> !s.isEmpty())
          .mapToLong(NpyHeader::extent)
          .toArray();
    } catch (NumberFormatException e) {
      throw new BadInputException(
          Problem.of("malformed .npy file").at(file).expected("a shape").found("(" + text + ")"),
          e);
    }
  }

  private static long extent(String text) {
    // NumPy of Python 2 wrote 3L; a minus has no place here.
    String digits = text.endsWith("L") ? text.substring(0, text.length() - 1) : text;
    long extent = Long.parseLong(digits);
    if (extent < 0) {
      throw new NumberFormatException(text);
    }
    return extent;
  }

  private static BadInputException bad(Path file, String expected, String found) {
    return new BadInputException(
        Problem.of("malformed .npy file").at(file).expected(expected).found(found));
  }
}
