package io.ablate.tools.bundle;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.ablate.base.BadInputException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DeviceCodeTest {
  private static final int HEADER = 64;
  private static final int PAYLOAD = 48;
  private static final int PTX = 1;
  private static final int CODE = 2;
  private static final int FIRST = 0x40;

  @TempDir private Path folder;

  /** Kinds and generations in turn. */
  private static byte[] container(int... kindsAndGenerations) {
    int entries = kindsAndGenerations.length / 2;
    ByteBuffer bytes =
        ByteBuffer.allocate(16 + entries * (HEADER + PAYLOAD)).order(ByteOrder.LITTLE_ENDIAN);
    bytes.putInt(0xBA55ED50).putShort((short) 1).putShort((short) 16);
    bytes.putLong(entries * (HEADER + PAYLOAD));
    for (int i = 0; i < entries; i++) {
      int at = bytes.position();
      bytes.putShort((short) kindsAndGenerations[2 * i]).putShort((short) 0x101);
      bytes.putInt(HEADER).putLong(PAYLOAD);
      bytes.putInt(at + 28, kindsAndGenerations[2 * i + 1]);
      bytes.position(at + HEADER);
      for (int j = 0; j < PAYLOAD; j++) {
        bytes.put((byte) (i + 1));
      }
    }
    return bytes.array();
  }

  /** A library whose section of that name holds the containers, eight zeros behind each. */
  private static byte[] library(String section, byte[]... containers) {
    int length = 0;
    for (byte[] container : containers) {
      length += container.length + 8;
    }
    byte[] names = ("\0" + section + "\0").getBytes(StandardCharsets.US_ASCII);
    int table = FIRST + length + names.length;
    ByteBuffer bytes = ByteBuffer.allocate(table + 3 * 64).order(ByteOrder.LITTLE_ENDIAN);
    bytes.putInt(0x464c457f).put((byte) 2);
    bytes.putLong(0x28, table);
    bytes.putShort(0x3a, (short) 64).putShort(0x3c, (short) 3).putShort(0x3e, (short) 2);
    bytes.position(FIRST);
    for (byte[] container : containers) {
      bytes.put(container).putLong(0);
    }
    bytes.put(names);
    bytes.putInt(table + 64, 1).putLong(table + 64 + 24, FIRST).putLong(table + 64 + 32, length);
    bytes.putLong(table + 128 + 24, FIRST + length).putLong(table + 128 + 32, names.length);
    return bytes.array();
  }

  /** Which entries still have their payload, container by container. */
  private static List<List<Integer>> kept(byte[] library, int... entries) {
    List<List<Integer>> kept = new ArrayList<>();
    int at = FIRST;
    for (int count : entries) {
      List<Integer> here = new ArrayList<>();
      at += 16;
      for (int i = 0; i < count; i++) {
        byte first = library[at + HEADER];
        byte last = library[at + HEADER + PAYLOAD - 1];
        assertThat(first).isEqualTo(last);
        assertThat(library[at + 4]).isEqualTo((byte) HEADER); // headers stay
        if (first != 0) {
          here.add(i);
        }
        at += HEADER + PAYLOAD;
      }
      at += 8;
      kept.add(here);
    }
    return kept;
  }

  private static long blank(byte[] library, int generation) {
    return new DeviceCode(Path.of("lib.so"), ByteBuffer.wrap(library)).blankOthers(generation);
  }

  @Test
  void shouldKeepTheGenerationsOwnCode() {
    byte[] library =
        library(
            ".nv_fatbin",
            container(CODE, 80, CODE, 86, CODE, 90, PTX, 90, CODE, 100),
            container(CODE, 70, PTX, 80, PTX, 100),
            container(CODE, 100, CODE, 120),
            container(CODE, 90));
    byte[] ampere = library.clone();
    assertThat(blank(library, 90)).isEqualTo(6L * PAYLOAD);
    assertThat(kept(library, 5, 3, 2, 1))
        .containsExactly(List.of(2), List.of(1), List.of(0, 1), List.of(0));
    assertThat(blank(ampere, 86)).isEqualTo(5L * PAYLOAD);
    assertThat(kept(ampere, 5, 3, 2, 1))
        .containsExactly(List.of(0, 1), List.of(1), List.of(0, 1), List.of(0));
  }

  @Test
  void shouldLeaveOtherSectionsAlone() {
    byte[] library = library(".rodata", container(CODE, 80, CODE, 90));
    byte[] before = library.clone();
    assertThat(blank(library, 90)).isZero();
    assertThat(library).isEqualTo(before);
  }

  @Test
  void shouldRefuseWhatItDoesNotKnowAndWriteNothing() throws IOException {
    byte[] good = container(CODE, 80, CODE, 90);
    byte[] broken = container(CODE, 80, CODE, 90);
    broken[16 + 8] = 120; // the payload overlaps the next entry's header
    byte[] library = library(".nv_fatbin", good, broken);
    byte[] before = library.clone();
    assertThatThrownBy(() -> blank(library, 90))
        .isInstanceOf(BadInputException.class)
        .hasMessageStartingWith("cannot take other generations' code out of the library: lib.so;");
    assertThat(library).isEqualTo(before);

    byte[] unknown = container(CODE, 80, CODE, 90);
    unknown[0] = 1;
    assertThatThrownBy(() -> blank(library(".nv_fatbin", unknown), 90))
        .hasMessageContaining("expected a container of code for GPUs at byte 64");
    assertThatThrownBy(() -> blank(new byte[80], 90)).hasMessageContaining("64-bit ELF");
    assertThatThrownBy(() -> blank(new byte[3], 90)).isInstanceOf(BadInputException.class);
  }

  @Test
  void shouldChangeTheFileInPlace() throws IOException {
    Path file = folder.resolve("lib.so");
    Files.write(file, library(".nv_fatbin", container(CODE, 80, CODE, 90)));
    assertThat(BlankDeviceCode.blank(file, 90)).isEqualTo(PAYLOAD);
    assertThat(kept(Files.readAllBytes(file), 2)).containsExactly(List.of(1));
    assertThat(BlankDeviceCode.blank(file, 80)).isEqualTo(PAYLOAD); // headers still tell
  }
}
