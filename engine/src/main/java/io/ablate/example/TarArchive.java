package io.ablate.example;

import io.ablate.base.BadInputException;
import io.ablate.base.Problem;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Unpacks plain tar archives (POSIX ustar, GNU): regular files and folders; links and long names
 * are refused.
 */
final class TarArchive {
  private static final int BLOCK = 512;

  private TarArchive() {}

  /**
   * Unpacks everything below {@code folder}.
   *
   * @param name of the archive, for messages
   * @throws BadInputException if the archive is damaged, or an entry would leave the folder or is
   *     of another type
   */
  static void unpack(InputStream tar, String name, Path folder) throws IOException {
    Path home = folder.toAbsolutePath().normalize();
    byte[] header = tar.readNBytes(BLOCK);
    while (header.length == BLOCK && header[0] != 0) {
      requireChecksum(header, name);
      String entry = entryName(header);
      Path target = home.resolve(entry).normalize();
      if (!target.startsWith(home)) {
        throw bad(name, "entries within the folder", entry);
      }
      long size = octal(header, 124, 12, name);
      switch (header[156]) {
        case '5' -> Files.createDirectories(target);
        case '0', 0 -> {
          Files.createDirectories(requireParent(target));
          try (OutputStream out = Files.newOutputStream(target)) {
            copy(tar, out, size, name);
          }
        }
        case 'x', 'g' -> copy(tar, OutputStream.nullOutputStream(), size, name);
        default ->
            throw bad(name, "regular files and folders", "'" + (char) header[156] + "' " + entry);
      }
      tar.skipNBytes(size > 0 && header[156] != '5' ? Math.floorMod(-size, (long) BLOCK) : 0);
      header = tar.readNBytes(BLOCK);
    }
    if (header.length != BLOCK) {
      throw bad(name, "an end mark", "a truncated archive");
    }
  }

  private static Path requireParent(Path target) throws IOException {
    Path parent = target.getParent();
    if (parent == null) {
      throw new IOException("entry without a folder: " + target);
    }
    return parent;
  }

  private static void copy(InputStream in, OutputStream out, long size, String name)
      throws IOException {
    byte[] buffer = new byte[1 << 16];
    for (long left = size; left > 0; ) {
      int n = in.read(buffer, 0, (int) Math.min(left, buffer.length));
      if (n < 0) {
        throw bad(name, size + " bytes of an entry", size - left + " (truncated)");
      }
      out.write(buffer, 0, n);
      left -= n;
    }
  }

  private static String entryName(byte[] header) {
    String name = text(header, 0, 100);
    boolean ustar = text(header, 257, 6).equals("ustar");
    String prefix = ustar ? text(header, 345, 155) : "";
    return prefix.isEmpty() ? name : prefix + "/" + name;
  }

  private static String text(byte[] header, int from, int length) {
    int end = from;
    while (end < from + length && header[end] != 0) {
      end++;
    }
    return new String(header, from, end - from, StandardCharsets.UTF_8);
  }

  private static long octal(byte[] header, int from, int length, String name) {
    String digits = text(header, from, length).strip();
    if (!digits.matches("[0-7]{1,11}")) {
      throw bad(name, "an octal number in a header", "'" + digits + "'");
    }
    return Long.parseLong(digits, 8);
  }

  private static void requireChecksum(byte[] header, String name) {
    long sum = 0;
    for (int i = 0; i < BLOCK; i++) {
      sum += i >= 148 && i < 156 ? ' ' : header[i] & 0xff;
    }
    if (sum != octal(header, 148, 8, name)) {
      throw bad(name, "a header with the right checksum", "another");
    }
  }

  private static BadInputException bad(String name, String expected, String found) {
    return new BadInputException(
        Problem.of("cannot unpack archive").at(name).expected(expected).found(found));
  }
}
