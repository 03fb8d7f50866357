package io.ablate.tools.bundle;

import io.ablate.base.BadInputException;
import io.ablate.base.Problem;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * The code for GPUs in a shared library: section {@code .nv_fatbin} holds containers, one behind
 * the other, each with the same kernels for several generations. What one machine does not need is
 * overwritten with zeros, headers excepted: the library keeps its size and every address in it, and
 * compresses to little. The driver reads only the entry that suits its device.
 *
 * <p>A container has a header (magic number 0xBA55ED50, version, its own size, size of what
 * follows) and entries: kind (1 PTX, 2 machine code), size of the entry's header, size of its
 * payload, and at byte 28 the generation, 90 for sm_90. Files made by CUDA 12 are laid out so; one
 * that is not is refused whole, before anything is written.
 */
final class DeviceCode {
  private static final int ELF_MAGIC = 0x464c457f;
  private static final int MAGIC = 0xBA55ED50;
  private static final int CONTAINER_HEADER = 16;
  private static final int LEAST_ENTRY_HEADER = 32;
  private static final int PTX = 1;
  private static final int MACHINE_CODE = 2;

  /** A payload in the file. */
  private record Entry(int kind, int generation, int offset, int length) {}

  private final Path file;
  private final ByteBuffer bytes;

  /**
   * @param file for messages
   * @param content of the file; changed in place
   */
  DeviceCode(Path file, ByteBuffer content) {
    this.file = file;
    bytes = content.order(ByteOrder.LITTLE_ENDIAN);
  }

  /**
   * Blanks what a device of one generation does not use. Of a container stays the machine code of
   * the same major version up to that generation; where there is none, the PTX up to it, which the
   * driver compiles; where there is neither, all.
   *
   * @param generation 90 for compute capability 9.0
   * @return bytes that were blanked; 0 for a library without code for GPUs
   * @throws BadInputException if the file is no library, or laid out otherwise
   */
  long blankOthers(int generation) {
    List<Entry> others = new ArrayList<>();
    for (List<Entry> container : containers()) {
      List<Entry> kept =
          container.stream()
              .filter(
                  entry ->
                      entry.kind() == MACHINE_CODE
                          && entry.generation() <= generation
                          && entry.generation() / 10 == generation / 10)
              .toList();
      if (kept.isEmpty()) {
        kept =
            container.stream()
                .filter(entry -> entry.kind() == PTX && entry.generation() <= generation)
                .toList();
      }
      if (!kept.isEmpty()) {
        others.addAll(container);
        others.removeAll(kept);
      }
    }
    long blanked = 0;
    for (Entry entry : others) {
      bytes.put(entry.offset(), new byte[entry.length()]);
      blanked += entry.length();
    }
    return blanked;
  }

  private List<List<Entry>> containers() {
    List<List<Entry>> containers = new ArrayList<>();
    try {
      if (bytes.getInt(0) != ELF_MAGIC || bytes.get(4) != 2) {
        throw otherwise("a 64-bit ELF library");
      }
      int table = Math.toIntExact(bytes.getLong(0x28));
      int size = bytes.getShort(0x3a);
      int count = Short.toUnsignedInt(bytes.getShort(0x3c));
      int names = section(table + size * Short.toUnsignedInt(bytes.getShort(0x3e)), 24);
      for (int i = 0; i < count; i++) {
        int header = table + i * size;
        if (name(names + bytes.getInt(header)).equals(".nv_fatbin")) {
          read(section(header, 24), section(header, 32), containers);
        }
      }
      return containers;
    } catch (IndexOutOfBoundsException | ArithmeticException e) {
      throw otherwise("containers of code for GPUs that end within the file");
    }
  }

  private int section(int header, int field) {
    return Math.toIntExact(bytes.getLong(header + field));
  }

  private String name(int at) {
    int end = at;
    while (bytes.get(end) != 0) {
      end++;
    }
    byte[] text = new byte[end - at];
    bytes.get(at, text);
    return new String(text, StandardCharsets.US_ASCII);
  }

  private void read(int start, int length, List<List<Entry>> containers) {
    int at = start;
    int end = Math.addExact(start, length);
    while (at + CONTAINER_HEADER <= end) {
      if (bytes.getInt(at) != MAGIC) {
        if (bytes.getLong(at) != 0) {
          throw otherwise("a container of code for GPUs at byte " + at);
        }
        at += Long.BYTES; // between containers
        continue;
      }
      int entry = at + Short.toUnsignedInt(bytes.getShort(at + 6));
      int last = Math.addExact(entry, Math.toIntExact(bytes.getLong(at + 8)));
      List<Entry> entries = new ArrayList<>();
      while (entry < last) {
        int header = bytes.getInt(entry + 4);
        int payload = Math.toIntExact(bytes.getLong(entry + 8));
        int next = Math.addExact(Math.addExact(entry, header), payload);
        if (header < LEAST_ENTRY_HEADER || payload < 0 || next > last) {
          throw otherwise("an entry of a container at byte " + entry);
        }
        entries.add(
            new Entry(bytes.getShort(entry), bytes.getInt(entry + 28), entry + header, payload));
        entry = next;
      }
      if (last > end) {
        throw otherwise("a container at byte " + at + " that ends within its section");
      }
      containers.add(entries);
      at = last;
    }
  }

  private BadInputException otherwise(String expected) {
    return new BadInputException(
        Problem.of("cannot take other generations' code out of the library")
            .at(file)
            .expected(expected)
            .remedy("pack the bundle with --cuda alone"));
  }
}
